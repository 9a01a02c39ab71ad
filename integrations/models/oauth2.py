"""OAuth 2.0: the clients that services know us by, sign-ins under way, and what services granted."""

from __future__ import annotations

import uuid

from django.db import models

from integrations.vault.fields import SealedField, SealedRow


class OAuthClient(SealedRow):
    """A tenant's own registration at the service behind a connector; it goes before the hub's."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connector = models.ForeignKey("connectors.Connector", on_delete=models.PROTECT, related_name="+")
    client_id = models.CharField(max_length=500)
    client_secret = SealedField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(SealedRow.Meta):
        abstract = False
        verbose_name = "OAuth client"
        ordering = ["client_id", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "connector"], name="oauth_client_once_per_connector")]

    def __str__(self) -> str:
        return self.client_id


class Authorisation(SealedRow):
    """One sign-in at a service, begun by a user and not yet back. Of its state only the SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    credential = models.ForeignKey("integrations.Credential", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey("tenants.User", on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64, unique=True)
    session_sha256 = models.CharField(max_length=64, blank=True, help_text="Empty when a program began it.")
    setup = models.CharField(max_length=64, help_text="Marks the client and the URLs it was begun with.")
    redirect_uri = models.CharField(max_length=2000)
    verifier = SealedField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(SealedRow.Meta):
        abstract = False
        indexes = [models.Index(fields=["expires_at"], name="authorisation_by_end")]

    def __str__(self) -> str:
        return f"{self.credential} by {self.user}"


class Grant(SealedRow):
    """What a service granted to a credential: tokens, and what people may know of them without opening these."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    credential = models.OneToOneField("integrations.Credential", on_delete=models.CASCADE, related_name="grant")
    authorised_by = models.ForeignKey("tenants.User", null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=32)
    setup = models.CharField(max_length=64, help_text="Marks the client and the token URL that the tokens belong to.")
    scopes = models.JSONField(default=list)
    tokens = SealedField(null=True)
    revision = models.PositiveIntegerField(default=0, help_text="Counts what was written: the older answer loses.")
    renewable = models.BooleanField(default=False)
    problem = models.JSONField(default=dict, help_text="Why there are no tokens, or no newer ones: {message, fix}.")
    tries = models.PositiveIntegerField(default=0)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    authorised_at = models.DateTimeField(null=True)
    renewed_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True, help_text="when the access token ends")
    renew_at = models.DateTimeField(null=True, help_text="when it is renewed, ahead of its end")

    class Meta(SealedRow.Meta):
        abstract = False
        indexes = [
            models.Index(fields=["renew_at"], condition=models.Q(renew_at__isnull=False), name="grant_to_renew"),
        ]

    def __str__(self) -> str:
        return f"Grant of {self.credential}"

    @property
    def has_tokens(self) -> bool:
        """Told without opening them."""
        field = self._meta.get_field("tokens")
        return isinstance(field, SealedField) and field.held(self) is not None
