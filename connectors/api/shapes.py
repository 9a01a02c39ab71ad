"""Connectors as the API shows them."""

from __future__ import annotations

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from connectors import evidence
from connectors.manifest import Json
from connectors.models import Connector
from tenants.api.fields import Strict

JSON_SCHEMA = {"type": "object", "additionalProperties": True, "description": "A JSON Schema (2020-12)."}


@extend_schema_field({"type": "object", "properties": {"credential": JSON_SCHEMA, "config": JSON_SCHEMA}})
class SchemasField(serializers.JSONField):
    pass


class EvidenceShape(serializers.Serializer[Json]):
    kind = serializers.ChoiceField(choices=evidence.KINDS, help_text="proven: the real server; protocol: a stand-in.")
    against = serializers.CharField()
    tests = serializers.IntegerField()


class ConnectorShape(serializers.ModelSerializer[Connector]):
    logo_url = serializers.SerializerMethodField()
    schema = SchemasField(read_only=True, help_text="What its credentials and its settings hold.")
    categories = serializers.ListField(child=serializers.CharField(), read_only=True)
    evidence = EvidenceShape(many=True, read_only=True, help_text="What its tests ran against; the tier follows.")

    class Meta:
        model = Connector
        fields: tuple[str, ...] = (
            *("id", "slug", "name", "summary", "description", "categories", "type", "version", "source", "status"),
            *("tier", "evidence", "logo_url", "docs_url", "schema", "n8n_workflow_id", "spark_job_id"),
        )
        read_only_fields: tuple[str, ...] = fields

    @extend_schema_field(serializers.CharField())
    def get_logo_url(self, connector: Connector) -> str:
        return reverse("connector-logo", args=[connector.pk])


class ConnectorDetailShape(ConnectorShape):
    class Meta(ConnectorShape.Meta):
        fields = (*ConnectorShape.Meta.fields, "readme")
        read_only_fields = fields


class ConnectorChange(Strict):
    """What PATCH takes."""

    status = serializers.ChoiceField(choices=Connector.Status.choices, required=False)
    is_featured = serializers.BooleanField(required=False, help_text="Shown before the others.")
    position = serializers.IntegerField(
        required=False, min_value=0, max_value=32767, help_text="Its place among its equals; the least comes first."
    )
