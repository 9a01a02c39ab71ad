"""The rows an integration produces, versioned by run, and which run read which version."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone

from tenants.scope import TenantOwned

MAIN = "rows"
"""The name of the dataset that every integration has; some have others beside it."""


class Dataset(TenantOwned):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    integration = models.ForeignKey("integrations.Integration", on_delete=models.PROTECT, related_name="datasets")
    name = models.CharField(max_length=200)
    latest = models.ForeignKey("integrations.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["integration", "name"], name="dataset_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        """What people call it: like the integration, and a dataset beside the main one by its own name too."""
        return self.integration.name if self.name == MAIN else f"{self.integration.name}: {self.name}"


class DatasetVersion(TenantOwned):
    """`schema` is a list of {name, type} in column order; `type` is DuckDB's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    run = models.ForeignKey("integrations.Run", on_delete=models.PROTECT, related_name="versions")
    uri = models.CharField(max_length=1000)
    format = models.CharField(max_length=16, default="parquet")
    schema = models.JSONField(default=list)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ["-created_at", "-id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "run"], name="version_once_per_run")]

    def __str__(self) -> str:
        return f"{self.dataset_id} by {self.run_id}"


class RunInput(TenantOwned):
    """Lineage: a run read a version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey("integrations.Run", on_delete=models.CASCADE, related_name="inputs")
    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="read_by")
    name = models.CharField(max_length=100)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="run_input_name_once")]

    def __str__(self) -> str:
        return f"{self.run_id} read {self.version_id}"
