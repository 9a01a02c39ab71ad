"""What lists can be narrowed by."""

from __future__ import annotations

import django_filters as filters
from django.db.models import QuerySet

from integrations.domain import RunState, Trigger
from integrations.models import Credential, Dataset, Integration, Run
from integrations.services import history
from tenants.api.filters import MomentFilter


class OneOfFilter(filters.MultipleChoiceFilter):
    def filter(self, qs: QuerySet[Run], value: list[str]) -> QuerySet[Run]:
        return history.one_of(qs, str(self.field_name), sorted(set(value)))


class RunFilter(filters.FilterSet):
    integration = filters.UUIDFilter(field_name="integration_id")
    state = OneOfFilter(choices=[(state.value, state.label) for state in RunState])
    trigger = OneOfFilter(choices=[(trigger.value, trigger.value) for trigger in Trigger])
    queued_after = MomentFilter(field_name="queued_at", lookup_expr="gte")
    queued_before = MomentFilter(field_name="queued_at", lookup_expr="lt")

    class Meta:
        model = Run
        fields: list[str] = []


class IntegrationFilter(filters.FilterSet):
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")
    connector = filters.CharFilter(field_name="connector__slug")
    credential = filters.UUIDFilter(field_name="credential_id")
    enabled = filters.BooleanFilter()

    class Meta:
        model = Integration
        fields: list[str] = []


class CredentialFilter(filters.FilterSet):
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")
    connector = filters.CharFilter(field_name="connector__slug")

    class Meta:
        model = Credential
        fields: list[str] = []


class DatasetFilter(filters.FilterSet):
    search = filters.CharFilter(field_name="name", lookup_expr="icontains")
    integration = filters.UUIDFilter(field_name="integration_id")

    class Meta:
        model = Dataset
        fields: list[str] = []
