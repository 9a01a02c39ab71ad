"""Integrations as the API shows them, and as they are written."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from connectors import catalog, schemas
from integrations.api.shapes.fields import JsonObject
from integrations.api.shapes.runs import RunShape
from integrations.domain import Json, Overlap, WriteMode
from integrations.models import Credential
from integrations.services.integrations import NewCredential
from integrations.services.overview import Health, Overview
from tenants.api.fields import Strict

LONGEST_TIMEOUT_SECONDS = 30 * 24 * 3600
MOST_ATTEMPTS = 100


class ScheduleShape(Strict):
    cron = serializers.CharField(max_length=200, help_text="Five fields, such as 0 6 * * 1-5.")
    time_zone = serializers.CharField(max_length=64, default="UTC", help_text="An IANA name, such as Europe/Berlin.")


class IntegrationShape(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="integration.id")
    connector = serializers.CharField(source="integration.connector.slug", help_text="The connector's slug.")
    connector_version = serializers.CharField(source="integration.connector_version")
    name = serializers.CharField(source="integration.name")
    config = serializers.SerializerMethodField()
    credential = serializers.UUIDField(source="integration.credential_id", allow_null=True)
    enabled = serializers.BooleanField(source="integration.enabled")
    schedule = ScheduleShape(source="integration.schedule", allow_null=True)
    on_new_data = serializers.BooleanField(source="integration.on_new_data")
    overlap = serializers.ChoiceField(source="integration.overlap", choices=[each.value for each in Overlap])
    write_mode = serializers.ChoiceField(source="integration.write_mode", choices=[each.value for each in WriteMode])
    merge_keys = serializers.ListField(source="integration.merge_keys", child=serializers.CharField())
    timeout_seconds = serializers.IntegerField(source="integration.timeout_seconds")
    max_attempts = serializers.IntegerField(source="integration.max_attempts")
    alert_emails = serializers.ListField(source="integration.alert_emails", child=serializers.EmailField())
    health = serializers.ChoiceField(choices=[health.value for health in Health])
    last_run = RunShape(allow_null=True)
    next_run_at = serializers.DateTimeField(source="integration.next_run_at", allow_null=True)
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)
    created_at = serializers.DateTimeField(source="integration.created_at")
    updated_at = serializers.DateTimeField(source="integration.updated_at")

    def get_config(self, overview: Overview) -> Json:
        integration = overview.integration
        return schemas.mask(integration.connector.config_schema, integration.config)


class NewCredentialShape(Strict):
    name = serializers.CharField(max_length=200)
    data = JsonObject()  # type: ignore[assignment]  # the metaclass takes it off the class again


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "format": "uuid"},
            {
                "type": "object",
                "required": ["name", "data"],
                "properties": {"name": {"type": "string"}, "data": {"type": "object", "additionalProperties": True}},
            },
        ]
    }
)
class CredentialChoice(serializers.Field[Any, Any, Any, Any]):
    """A credential by id, or the name and data of one to be made."""

    default_error_messages = {
        "unreadable": "Give a credential's id, {{name, data}} to make one, or null.",
        "unknown": "There is no such credential.",
    }

    def to_internal_value(self, data: Any) -> Credential | NewCredential:
        if isinstance(data, dict):
            shape = NewCredentialShape(data=data)
            shape.is_valid(raise_exception=True)
            return NewCredential(**shape.validated_data)
        found: Credential | None = Credential.objects.filter(pk=self._id(data)).first()
        if found is None:
            self.fail("unknown")
        return found

    def _id(self, data: Any) -> UUID:
        try:
            return UUID(data)
        except (TypeError, ValueError, AttributeError):
            self.fail("unreadable")


class IntegrationChange(Strict):
    """What PUT and PATCH take; an omitted credential, like an omitted secret, is kept."""

    ignored = frozenset(IntegrationShape._declared_fields)

    connector = serializers.CharField(required=False, help_text="Cannot be changed; may be repeated.")
    name = serializers.CharField(max_length=200)
    config = JsonObject(default=dict)
    credential = CredentialChoice(required=False, allow_null=True)
    enabled = serializers.BooleanField(default=True)
    schedule = ScheduleShape(default=None, allow_null=True)
    on_new_data = serializers.BooleanField(default=False)
    overlap = serializers.ChoiceField(choices=[each.value for each in Overlap], default=Overlap.SKIP.value)
    write_mode = serializers.ChoiceField(choices=[each.value for each in WriteMode], default=WriteMode.REPLACE.value)
    merge_keys = serializers.ListField(child=serializers.CharField(max_length=200), default=list, max_length=50)
    timeout_seconds = serializers.IntegerField(min_value=1, max_value=LONGEST_TIMEOUT_SECONDS, default=3600)
    max_attempts = serializers.IntegerField(min_value=1, max_value=MOST_ATTEMPTS, default=3)
    alert_emails = serializers.ListField(
        child=serializers.EmailField(),
        default=list,
        max_length=20,
        help_text="Who is told by mail when it begins to fail, and when it works again.",
    )

    def validate_connector(self, slug: str) -> str:
        if slug != self.context["connector"].slug:
            raise ValidationError("An integration keeps its connector. Make another integration.", code="immutable")
        return slug

    def validate_schedule(self, schedule: Json | None) -> Json | None:
        # A schedule is given whole: PATCH would let its parts be left out.
        if schedule is not None and "cron" not in schedule:
            raise ValidationError({"cron": [ErrorDetail("This field is required.", code="required")]})
        return schedule and {"time_zone": "UTC", **schedule}

    def given(self) -> dict[str, Any]:
        """Return what was given, in the words of the service."""
        values = {name: value for name, value in self.validated_data.items() if name not in ("connector", "schedule")}
        if "schedule" in self.validated_data:
            schedule = self.validated_data["schedule"] or {"cron": "", "time_zone": "UTC"}
            values |= {"cron": schedule["cron"], "time_zone": schedule["time_zone"]}
        return values


class IntegrationNew(IntegrationChange):
    """What POST takes."""

    connector = serializers.CharField(help_text="A slug of integrations/available.")

    def validate_connector(self, slug: str) -> str:
        self.found = catalog.available(self.context["tenant_id"]).filter(slug=slug).first()
        if self.found is None:
            raise ValidationError("There is no such connector. GET integrations/available lists them.", code="unknown")
        return slug

    def given(self) -> dict[str, Any]:
        return {"connector": self.found, **super().given()}
