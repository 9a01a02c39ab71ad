"""A connector as a tenant configured it."""

from __future__ import annotations

import uuid

from django.db import models

from integrations.domain import Overlap, WriteMode
from tenants.scope import TenantOwned


def choices(enum: type[Overlap] | type[WriteMode]) -> list[tuple[str, str]]:
    return [(value.value, value.value.capitalize()) for value in enum]


class Integration(TenantOwned):
    """Deleting one keeps its row (`deleted_at`): runs and datasets of the past point at it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connector = models.ForeignKey("connectors.Connector", on_delete=models.PROTECT, related_name="integrations")
    credential = models.ForeignKey(
        "integrations.Credential", null=True, blank=True, on_delete=models.PROTECT, related_name="integrations"
    )
    deployment = models.ForeignKey(
        "integrations.Deployment", null=True, blank=True, on_delete=models.SET_NULL, related_name="integrations"
    )
    connector_version = models.CharField(max_length=32)
    name = models.CharField(max_length=200)
    config = models.JSONField(default=dict)
    enabled = models.BooleanField(default=True)
    cron = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    on_new_data = models.BooleanField(default=False)
    overlap = models.CharField(max_length=8, choices=choices(Overlap), default=Overlap.SKIP)
    write_mode = models.CharField(max_length=8, choices=choices(WriteMode), default=WriteMode.REPLACE)
    merge_keys = models.JSONField(default=list, blank=True)
    timeout_seconds = models.PositiveIntegerField(default=3600)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    state = models.JSONField(default=dict, blank=True)
    alert_emails = models.JSONField(default=list, blank=True, help_text="who is told when it begins to fail")
    told_verdict = models.CharField(max_length=16, blank=True, help_text="the verdict that they were told last")
    verdict = models.CharField(max_length=16, blank=True, help_text="how the last run ended that was not cancelled")
    is_incomplete = models.BooleanField(default=False, help_text="a newer version of the connector asks for more")
    checked_version = models.CharField(max_length=32, blank=True, help_text="the version that was judged by")
    next_run_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=models.Q(deleted_at=None), name="integration_name_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"],
                condition=models.Q(next_run_at__isnull=False),
                name="integration_due",
            ),
            models.Index(fields=["tenant", "-created_at"], name="integrations_of_a_tenant"),
            models.Index(
                fields=["tenant", "verdict"], condition=models.Q(deleted_at=None), name="integrations_by_verdict"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def schedule(self) -> dict[str, str] | None:
        return {"cron": self.cron, "time_zone": self.time_zone} if self.cron else None


class IntegrationInput(TenantOwned):
    """An integration reads a dataset; kept beside the config so that pipelines are one indexed query."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    integration = models.ForeignKey(Integration, on_delete=models.CASCADE, related_name="inputs")
    dataset = models.ForeignKey("integrations.Dataset", on_delete=models.PROTECT, related_name="readers")
    name = models.CharField(max_length=100)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["integration", "name"], name="input_name_once")]

    def __str__(self) -> str:
        return f"{self.name} of {self.integration_id}"
