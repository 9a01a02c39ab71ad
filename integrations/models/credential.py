"""The secrets and connection settings that integrations use."""

from __future__ import annotations

import uuid

from django.db import models

from integrations.vault.fields import SealedField, SealedRow


class Credential(SealedRow):
    class Status(models.TextChoices):
        UNVERIFIED = "unverified"
        VERIFIED = "verified"
        REJECTED = "rejected"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connector = models.ForeignKey("connectors.Connector", on_delete=models.PROTECT, related_name="credentials")
    name = models.CharField(max_length=200)
    data = SealedField()
    revision = models.PositiveIntegerField(default=1, editable=False)
    status = models.CharField(max_length=16, choices=Status, default=Status.UNVERIFIED)
    verified_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(SealedRow.Meta):
        abstract = False
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "connector", "name"], name="credential_name_once")]

    def __str__(self) -> str:
        return self.name
