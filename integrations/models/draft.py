"""What somebody has entered and not saved yet: an integration that is being set up, or any other form."""

from __future__ import annotations

import uuid

from django.db import models

from integrations.vault.fields import SealedField, SealedRow


class Draft(SealedRow):
    """What was entered so far, secrets included: so all of it is sealed, and none of it in a session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, related_name="+")
    connector = models.ForeignKey("connectors.Connector", on_delete=models.CASCADE, related_name="+")
    form = models.CharField(max_length=80, blank=True, default="")
    """Which form it was typed into; empty for the setting up of an integration."""
    data = SealedField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(SealedRow.Meta):
        abstract = False
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["updated_at"], name="draft_by_age")]

    def __str__(self) -> str:
        return f"{self.connector} by {self.user}"
