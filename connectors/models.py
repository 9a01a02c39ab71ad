"""The catalogue as rows: connectors and the Spark jobs behind some of them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from connectors import evidence


def engines() -> list[tuple[str, str]]:
    """The engines that settings list: a connector's type is the name of the one that runs it."""
    return [(name, name) for name in settings.ENGINES]


class SparkJob(models.Model):
    """Spark's side of a connector: a script, a jar or a query, and how to submit it."""

    class Kind(models.TextChoices):
        PYTHON = "python"
        JAR = "jar"
        SQL = "sql", "SQL"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PYTHON)
    entry = models.CharField(
        max_length=1000, help_text="A path below the built-in folders, an uploaded file, or a URI the cluster can read."
    )
    main_class = models.CharField(max_length=300, blank=True)
    py_files = models.JSONField(default=list, blank=True)
    packages = models.JSONField(default=list, blank=True)
    conf = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "Spark job"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Connector(models.Model):
    """One entry of the catalogue. Rows are hidden, never deleted: integrations and past runs point at them."""

    class Source(models.TextChoices):
        BUILTIN = "builtin", "Built in"
        WORKFLOW = "workflow", "n8n workflow"
        NODE = "node", "n8n node"
        CUSTOM = "custom"

    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        DEPRECATED = "deprecated"
        HIDDEN = "hidden"

    class Tier(models.TextChoices):
        """How much is known of whether it works; computed from the tests that ran, see `connectors.evidence`."""

        PROVEN = evidence.PROVEN, _("Proven")
        PROTOCOL = evidence.PROTOCOL, _("Protocol")
        UNTESTED = evidence.UNTESTED, _("Untested")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text="Empty: for everyone.",
    )
    spark_job = models.ForeignKey(SparkJob, null=True, blank=True, on_delete=models.PROTECT, related_name="connectors")
    slug = models.SlugField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    summary = models.CharField(max_length=300, blank=True)
    description = models.TextField(blank=True)
    readme = models.TextField(blank=True)
    categories = models.JSONField(default=list, blank=True)
    type = models.CharField(max_length=16, choices=engines)
    version = models.CharField(max_length=32, default="1.0.0")
    schema = models.JSONField(default=dict, help_text='{"credential": JSON Schema, "config": JSON Schema}')
    n8n_workflow_id = models.CharField(max_length=64, blank=True)
    template = models.JSONField(
        default=dict, blank=True, help_text="n8n: the workflow that is cloned for each deployment."
    )
    n8n_credentials = models.JSONField(
        default=dict, blank=True, help_text="n8n: how our credential becomes one of n8n's."
    )
    oauth2 = models.JSONField(default=dict, blank=True, help_text="How the credential signs in with OAuth 2.0.")
    test = models.JSONField(default=dict, blank=True, help_text="The one request that tests a connection.")
    source = models.CharField(max_length=16, choices=Source, default=Source.CUSTOM)
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    is_featured = models.BooleanField("featured", default=False, help_text="Shown first in the gallery.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Among the featured ones, the smallest first.")
    tier = models.CharField(max_length=16, choices=Tier, default=Tier.UNTESTED, editable=False)
    evidence = models.JSONField(default=list, editable=False, help_text="[{kind, against, tests}]: what tests ran.")
    logo = models.TextField(blank=True, help_text="SVG")
    docs_url = models.CharField(max_length=500, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["status", "name"], name="catalogue_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def ran_against(self) -> str:
        """What its tests ran against, in a few words."""
        return ", ".join(ran["against"] for ran in self.evidence)

    @property
    def credential_schema(self) -> dict[str, object]:
        return self.schema.get("credential") or {}

    @property
    def config_schema(self) -> dict[str, object]:
        return self.schema.get("config") or {}
