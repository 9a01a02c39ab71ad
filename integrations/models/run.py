"""One execution of an integration. The row is also its place in the queue."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from integrations.domain import ACTIVE, RunState, Trigger
from tenants.scope import TenantOwned

UNDER_WAY = models.Q(state__in=ACTIVE, due_at__isnull=False)
"""Runs that have not ended. Both are said, for the indexes of due rows stay small however long history gets."""


class Run(TenantOwned):
    """`due_at` says when the run next needs a step; null means that it ended."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    integration = models.ForeignKey("integrations.Integration", on_delete=models.PROTECT, related_name="runs")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    deployment = models.ForeignKey("integrations.Deployment", null=True, on_delete=models.SET_NULL, related_name="+")
    connector_version = models.CharField(max_length=32)
    trigger = models.CharField(max_length=16, choices=[(t.value, t.value) for t in Trigger])
    idempotency_key = models.CharField(max_length=200, null=True)
    order_fingerprint = models.CharField(max_length=64, blank=True, help_text="of the order that the key came with")
    config = models.JSONField(default=dict, help_text="the effective config, secrets masked")

    state = models.CharField(
        max_length=16, choices=[(s.value, s.label) for s in RunState], default=RunState.QUEUED.value
    )
    attempt = models.PositiveSmallIntegerField(default=1)
    queue = models.CharField(max_length=100, help_text="whose workers step it: an engine, or an engine on one host")
    due_at = models.DateTimeField(null=True, default=timezone.now)
    lease = models.UUIDField(null=True)
    asked_at = models.DateTimeField(null=True, help_text="when this attempt's engine was first asked to start")
    handle = models.JSONField(null=True)
    stumbles = models.PositiveIntegerField(default=0, help_text="failed steps in a row; reset by a good one")
    stumbled_at = models.DateTimeField(null=True, help_text="when the first of those failed steps was")
    heard_at = models.DateTimeField(null=True, help_text="when the engine last told of the work")
    deadline_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    progress = models.JSONField(default=dict)
    rows = models.BigIntegerField(null=True)
    bytes = models.BigIntegerField(null=True)
    metrics = models.JSONField(default=dict)
    log = models.JSONField(default=list, help_text="lines that the engine no longer keeps")
    failure = models.JSONField(null=True)
    note = models.CharField(max_length=300, blank=True)
    steps = models.JSONField(default=dict, help_text="seconds spent by step")
    has_leftovers = models.BooleanField(default=False, help_text="the engine still stores what has safely landed")

    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ["-queued_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "idempotency_key"],
                condition=models.Q(idempotency_key__isnull=False),
                name="run_once_per_key",
            )
        ]
        indexes = [
            models.Index(fields=["queue", "due_at"], condition=models.Q(due_at__isnull=False), name="run_due"),
            models.Index(fields=["integration"], condition=models.Q(due_at__isnull=False), name="run_under_way"),
            models.Index(fields=["finished_at"], condition=models.Q(has_leftovers=True), name="run_leftovers"),
            models.Index(fields=["-queued_at", "-id", "state"], name="runs_newest"),
            models.Index(fields=["tenant", "-queued_at", "-id"], name="runs_of_a_tenant"),
            models.Index(fields=["tenant", "state", "-queued_at", "-id"], name="runs_of_a_tenant_by_state"),
            models.Index(fields=["tenant", "trigger", "-queued_at", "-id"], name="runs_of_a_tenant_by_trigger"),
            models.Index(fields=["integration", "-queued_at", "-id"], name="runs_of_an_integration"),
        ]

    def __str__(self) -> str:
        return f"{self.integration_id} {self.state}"

    @property
    def is_final(self) -> bool:
        return RunState(self.state).is_final

    @property
    def phase(self) -> RunState:
        """The state as people are shown it: whoever asked for the end sees at once that it is on its way."""
        state = RunState(self.state)
        return RunState.CANCELLING if self.cancel_requested_at and not state.is_final else state

    @property
    def cause(self) -> Trigger:
        return Trigger(self.trigger)

    @property
    def seconds(self) -> float | None:
        """How long it took from its start to its end."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def seconds_so_far(self) -> float | None:
        return (timezone.now() - self.started_at).total_seconds() if self.started_at else None
