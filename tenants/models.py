"""Who uses the hub: users, tenants, their members, API tokens and the audit trail."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from tenants.rates import Rate
from tenants.roles import Role
from tenants.scope import Everywhere, TenantManager, TenantOwned


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class Theme(models.TextChoices):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class User(AbstractUser):
    """A person who signs in with an email address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = None  # type: ignore[assignment]
    email = models.EmailField("email address", unique=True)
    language = models.CharField(max_length=8, blank=True, help_text="Empty: what the browser asks for.")
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty: UTC.")
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []  # type: ignore[misc]

    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return self.email


class Tenant(models.Model):
    """An organisation: integrations, credentials and data belong to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    limits = models.JSONField(
        default=dict, blank=True, help_text='{"calls": "600/minute"} instead of HUB_THROTTLE_TENANT; "" is no limit.'
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if not isinstance(self.limits, dict) or self.limits.keys() - {"calls"}:
            raise ValidationError({"limits": 'Give {"calls": "600/minute"}, or {} for what everybody may.'})
        try:
            Rate.parse(str(self.limits.get("calls", "")))
        except ValueError as error:
            raise ValidationError({"limits": f"calls: {error}"}) from None

    @property
    def calls(self) -> Rate | None:
        """How many API calls all of its tokens together may make."""
        own = self.limits.get("calls")
        return settings.THROTTLE_TENANT if own is None else Rate.parse(own)


class Member(TenantOwned):
    """A user in a tenant, with one role."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="member_once_per_tenant")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class ApiToken(TenantOwned):
    """A bearer token of one tenant. Only its SHA-256 is kept; the token is shown once, when it is made.

    A token made with another token has that one as its parent: it can do no more, and ends no later.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    prefix = models.CharField(max_length=12)
    sha256 = models.CharField(max_length=64, unique=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="children")
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    @property
    def is_usable(self) -> bool:
        return self.state == "active"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "active" if self.expires_at is None or self.expires_at > timezone.now() else "expired"


class Invitation(TenantOwned):
    """A link that lets one person into a tenant, once. Only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(blank=True, help_text="Only who signs in with this address may accept; empty: anybody.")
    role = models.CharField(max_length=16, choices=Role, default=Role.VIEWER)
    sha256 = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    accepted_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.email or 'anybody'} as {self.role}"

    @property
    def state(self) -> str:
        if self.accepted_at:
            return "accepted"
        if self.withdrawn_at:
            return "withdrawn"
        return "open" if self.expires_at > timezone.now() else "expired"


class Unchangeable(RuntimeError):
    """Somebody tried to change or delete what is only ever added."""


class AddedOnly(models.QuerySet["AuditEvent"]):
    """Rows that code can add and read. The database's own triggers refuse the rest to everybody else."""

    def update(self, **values: Any) -> int:
        raise Unchangeable("The audit trail is never changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise Unchangeable("The audit trail is never shortened.")


class AddedOnlyEverywhere(AddedOnly, Everywhere["AuditEvent"]):  # type: ignore[override]
    pass


class AuditEvent(TenantOwned):
    """Who did what to which object, from where, with what it was and became; secrets are left out.

    Rows are only ever added: a tenant that has a trail stays, and the trail names people whose account is gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(User, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    actor_name = models.CharField(max_length=254, blank=True, help_text="The address they signed in with then.")
    verb = models.CharField(max_length=50)
    object_type = models.CharField(max_length=50)
    object_id = models.UUIDField()
    object_name = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    address = models.CharField(max_length=45, blank=True, help_text="The client's address.")
    request_id = models.CharField(max_length=64, blank=True)
    via = models.CharField(max_length=32, blank=True, help_text="A session, or a token and its first characters.")
    at = models.DateTimeField(default=timezone.now)

    objects = TenantManager.from_queryset(AddedOnly)()  # type: ignore[misc]
    everywhere = models.Manager.from_queryset(AddedOnlyEverywhere)()  # type: ignore[misc,assignment]

    class Meta(TenantOwned.Meta):
        abstract = False
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["tenant", "-at"], name="audit_of_a_tenant"),
            models.Index(fields=["tenant", "object_id", "-at"], name="audit_of_an_object"),
            models.Index(fields=["-at"], name="audit_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Unchangeable("The audit trail is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise Unchangeable("The audit trail is never shortened.")


__all__ = ["ApiToken", "AuditEvent", "Invitation", "Member", "Tenant", "TenantManager", "Theme", "User", "UserManager"]
