"""What an engine holds for integrations that share a connector version and a credential."""

from __future__ import annotations

import uuid

from django.db import models

from integrations.vault.fields import SealedField, SealedRow


class Deployment(SealedRow):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connector = models.ForeignKey("connectors.Connector", on_delete=models.PROTECT, related_name="+")
    connector_version = models.CharField(max_length=32)
    credential = models.ForeignKey("integrations.Credential", null=True, on_delete=models.SET_NULL, related_name="+")
    engine = models.CharField(max_length=16)
    key = models.CharField(max_length=200, help_text="connector, version and credential: what its users share")
    template = models.JSONField(default=dict)
    credential_map = models.JSONField(default=dict)
    ref = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, blank=True, help_text="of what the engine was last given")
    hook_token = SealedField()
    claimed_until = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, help_text="when its removal is tried next")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(SealedRow.Meta):
        abstract = False
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "key"], condition=models.Q(retired_at=None), name="one_live_deployment_per_key"
            )
        ]
        indexes = [models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="deployment_due")]

    def __str__(self) -> str:
        return self.key
