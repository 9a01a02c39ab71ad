"""Connectors as the API shows them."""

from __future__ import annotations

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from connectors.models import Connector


class ConnectorShape(serializers.ModelSerializer[Connector]):
    logo_url = serializers.SerializerMethodField()
    schema = serializers.JSONField(read_only=True)
    categories = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Connector
        fields: tuple[str, ...] = (
            *("id", "slug", "name", "summary", "description", "categories", "type", "version", "source", "status"),
            *("tier", "logo_url", "docs_url", "schema", "n8n_workflow_id", "spark_job_id"),
        )
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(serializers.CharField())
    def get_logo_url(self, connector: Connector) -> str:
        return reverse("connector-logo", args=[connector.pk])


class ConnectorDetailShape(ConnectorShape):
    class Meta(ConnectorShape.Meta):
        fields = (*ConnectorShape.Meta.fields, "readme")
        read_only_fields = fields
