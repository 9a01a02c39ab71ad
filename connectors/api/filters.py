"""How the catalogue is searched."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from connectors import catalog
from connectors.models import Connector, engines
from tenants.api.access import access_of


class ConnectorFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_words", label="Words, their beginnings, small typos too.")
    category = django_filters.CharFilter(method="by_category", label="One category, exactly.")
    type = django_filters.ChoiceFilter(choices=engines)
    source = django_filters.ChoiceFilter(choices=Connector.Source.choices)

    class Meta:
        model = Connector
        fields = ("search", "category", "type", "source")

    def by_words(self, rows: QuerySet[Connector], name: str, value: str) -> QuerySet[Connector]:
        tenant_id = access_of(self.request).tenant_id if self.request else None
        return rows.filter(pk__in=catalog.search(tenant_id, value))

    def by_category(self, rows: QuerySet[Connector], name: str, value: str) -> QuerySet[Connector]:
        return catalog.in_category(rows, value)


class CatalogueFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="A part of the name.")
    status = django_filters.MultipleChoiceFilter(choices=Connector.Status.choices)
    type = django_filters.ChoiceFilter(choices=engines)
    source = django_filters.ChoiceFilter(choices=Connector.Source.choices)

    class Meta:
        model = Connector
        fields = ("search", "status", "type", "source")
