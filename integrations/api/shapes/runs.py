"""Runs as the API shows them, and how one is asked for."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from integrations.api.shapes.fields import JsonObject
from integrations.domain import Json, LogPage, Origin, RunState, Trigger
from integrations.models import Run
from integrations.services import logs, overview
from integrations.services.pushing import MOST_PAGES
from integrations.services.rehearsals import CHECKS, Check, Rehearsal
from tenants.api.fields import Strict

MOST_AT_ONCE = 500
LONGEST_WAIT_SECONDS = 60
RUN_STATES = [state.value for state in RunState]


class ProgressShape(serializers.Serializer[Json]):
    done = serializers.IntegerField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField()
    message = serializers.CharField()


class FailureShape(serializers.Serializer[Json]):
    code = serializers.CharField()
    origin = serializers.ChoiceField(choices=[origin.value for origin in Origin])
    step = serializers.CharField()
    message = serializers.CharField()
    fix = serializers.CharField()
    retryable = serializers.BooleanField()
    detail = JsonObject()


class RunShape(serializers.Serializer[Run]):
    id = serializers.UUIDField()
    integration = serializers.UUIDField(source="integration_id")
    state = serializers.ChoiceField(choices=RUN_STATES)
    trigger = serializers.ChoiceField(choices=[trigger.value for trigger in Trigger])
    attempt = serializers.IntegerField()
    progress = serializers.SerializerMethodField()
    rows = serializers.IntegerField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True)
    failure = FailureShape(allow_null=True)
    note = serializers.CharField()
    dataset_version = serializers.SerializerMethodField()
    connector_version = serializers.CharField()
    steps = JsonObject(help_text="Seconds spent, by step.")
    heard_at = serializers.DateTimeField(allow_null=True, help_text="When the engine last told of the work.")
    cancel_requested_at = serializers.DateTimeField(allow_null=True)
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ProgressShape)
    def get_progress(self, run: Run) -> Json:
        return {"done": None, "total": None, "unit": "", "message": "", **run.progress}

    def get_dataset_version(self, run: Run) -> UUID | None:
        version = overview.version_of(run)
        return version.pk if version else None


class InputShape(serializers.Serializer[Json]):
    name = serializers.CharField()
    dataset_version = serializers.UUIDField(source="version_id")


class RunDetailShape(RunShape):
    config = JsonObject(help_text="The settings the run had; secrets are masked.")
    metrics = JsonObject(help_text="What the engine measured.")
    inputs = InputShape(many=True)


class RunsShape(serializers.Serializer[Json]):
    runs = RunShape(many=True)


class LogShape(serializers.Serializer[LogPage]):
    lines = serializers.ListField(child=serializers.CharField())
    cursor = serializers.CharField(help_text="Ask with it for the lines that come later.")
    levels = serializers.SerializerMethodField(help_text="How bad each line is: info, warning or error.")
    is_last = serializers.BooleanField(help_text="Whether nothing more will come.")

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=list(logs.LEVELS))))
    def get_levels(self, page: LogPage) -> list[str]:
        return logs.levels(page.lines)


class PageQuery(serializers.Serializer[Json]):
    page = serializers.IntegerField(
        min_value=0,
        max_value=MOST_PAGES - 1,
        help_text="Its place; the same page again replaces the earlier one.",
    )


class PageTaken(serializers.Serializer[Json]):
    page = serializers.IntegerField()
    rows = serializers.IntegerField(help_text="How many rows the page has.")


class LogQuery(serializers.Serializer[Json]):
    cursor = serializers.RegexField(r"^[a-z0-9:]{0,40}$", required=False, default="", allow_blank=True)


class EventsQuery(serializers.Serializer[Json]):
    logs = serializers.BooleanField(required=False, default=False, help_text="Send the log's new lines too.")
    cursor = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=500, help_text="Send the lines after this place only."
    )


class RunOrder(Strict):
    count = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_AT_ONCE, help_text="Start so many runs at once; answers {runs}."
    )


class RunQuery(serializers.Serializer[Json]):
    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Start nothing: tell what a run would do, and what keeps it from that."
    )
    wait = serializers.IntegerField(
        required=False,
        default=0,
        min_value=0,
        help_text=f"Hold the answer until the run has ended, for so many seconds; {LONGEST_WAIT_SECONDS} at most.",
    )


class CheckShape(serializers.Serializer[Check]):
    name = serializers.ChoiceField(choices=CHECKS)
    ok = serializers.BooleanField()
    detail = serializers.CharField(help_text="What is wrong; empty when all is well.")
    fix = serializers.CharField(help_text="What to do about it.")


class RehearsedInput(serializers.Serializer[Json]):
    name = serializers.CharField()
    dataset_version = serializers.UUIDField()


class RehearsalShape(serializers.Serializer[Rehearsal]):
    ok = serializers.BooleanField(help_text="Whether nothing that can be known now keeps the run from its work.")
    config = JsonObject(help_text="The settings the run would have; secrets are masked.")
    inputs = serializers.SerializerMethodField()
    checks = CheckShape(many=True)

    @extend_schema_field(RehearsedInput(many=True))
    def get_inputs(self, rehearsal: Rehearsal) -> list[Json]:
        return [{"name": name, "dataset_version": version.pk} for name, version in rehearsal.inputs]


class RunHeaders(serializers.Serializer[Json]):
    key = serializers.CharField(required=False, default=None, allow_null=True, max_length=180)
