"""Pipelines as the API shows them: integrations, and who reads whose rows."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.api.shapes.integrations import ScheduleShape
from integrations.api.shapes.runs import RunShape
from integrations.services.lineage import Link
from integrations.services.overview import Health


class MemberOfPipeline(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="integration.id")
    connector = serializers.CharField(source="integration.connector.slug", help_text="The connector's slug.")
    type = serializers.CharField(source="integration.connector.type", help_text="The engine that runs it.")
    name = serializers.CharField(source="integration.name")
    enabled = serializers.BooleanField(source="integration.enabled")
    schedule = ScheduleShape(source="integration.schedule", allow_null=True)
    on_new_data = serializers.BooleanField(source="integration.on_new_data")
    health = serializers.ChoiceField(choices=[health.value for health in Health])
    last_run = RunShape(allow_null=True)
    next_run_at = serializers.DateTimeField(source="integration.next_run_at", allow_null=True)
    dataset = serializers.UUIDField(source="dataset_id", allow_null=True)


class LinkShape(serializers.Serializer[Link]):
    source = serializers.UUIDField(  # type: ignore[assignment]  # the metaclass takes it off the class again
        help_text="The integration that brings the rows."
    )
    reader = serializers.UUIDField(help_text="The integration that reads them.")
    dataset = serializers.UUIDField()
    name = serializers.CharField(help_text="What the reader calls them.")


class PipelineShape(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="The integration that the pipeline begins with.")
    integrations = MemberOfPipeline(many=True, help_text="Each after those whose rows it reads.")
    links = LinkShape(many=True)


class PipelineQuery(serializers.Serializer[Any]):
    integration = serializers.UUIDField(required=False, help_text="Only the pipeline that this integration is in.")
