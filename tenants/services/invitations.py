"""Invitations: links that let one person into a tenant, once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from tenants.models import Invitation, Member, Tenant, User
from tenants.roles import Role
from tenants.scope import platform, scope
from tenants.services import audit, members
from tenants.services.errors import Conflict, Mistake
from tenants.services.tokens import fingerprint

DAYS = 7


def create(*, tenant: Tenant, by: User, role: Role, email: str = "", days: int = DAYS) -> tuple[Invitation, str]:
    """Make an invitation and return it with the secret of its link, which nobody can show again."""
    email = User.objects.normalize_email(email.strip())
    if email and Member.everywhere.filter(tenant=tenant, user__email__iexact=email).exists():
        raise Mistake("/email", "member", gettext("This person is a member already."))
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.everywhere.create(
            tenant=tenant,
            email=email,
            role=role,
            sha256=fingerprint(secret),
            invited_by=by,
            expires_at=timezone.now() + timedelta(days=days),
        )
        after = {"email": email, "role": role, "expires_at": invitation.expires_at}
        audit.record(tenant_id=tenant.pk, actor=by, verb="invited", subject=invitation, after=after)
    return invitation, secret


def find(secret: str) -> Invitation | None:
    """Find the invitation of a link, if it can still be accepted."""
    with platform():  # whoever opens the link may be working for another tenant
        found = Invitation.everywhere.select_related("tenant", "invited_by").filter(sha256=fingerprint(secret)).first()
    return found if found and found.state == "open" else None


def accept(*, invitation: Invitation, user: User) -> Member:
    """Let the user in; the link is used up. Raises `Conflict`."""
    if invitation.email and invitation.email.lower() != user.email.lower():
        raise Conflict(
            "other_address",
            gettext("This invitation is for %(email)s. Sign in with that address.") % {"email": invitation.email},
        )
    with scope(invitation.tenant_id), transaction.atomic():
        if Member.objects.filter(user=user).exists():
            raise Conflict(
                "member_already", gettext("You are a member of %(tenant)s already.") % {"tenant": invitation.tenant}
            )
        _use_up(invitation, user)
        member = members.add(tenant=invitation.tenant, user=user, role=Role(invitation.role), by=user)
        audit.record(tenant_id=invitation.tenant_id, actor=user, verb="accepted", subject=invitation)
    return member


def join(*, invitation: Invitation, email: str, password: str, name: str = "") -> User:
    """Make an account for whoever has the link, and let it in. Raises `Mistake` or `Conflict`."""
    email = invitation.email or User.objects.normalize_email(email.strip())
    if User.objects.filter(email__iexact=email).exists():
        raise Conflict(
            "account_exists", gettext("There is an account with this address. Sign in, then open the link again.")
        )
    user = User(email=email, first_name=name.strip()[:150])
    _check(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            accept(invitation=invitation, user=user)
    except IntegrityError:
        raise Conflict(
            "account_exists", gettext("An account with this address was made just now. Sign in with it.")
        ) from None
    return user


def withdraw(*, invitation: Invitation, by: User) -> None:
    """End the link at once; doing it again changes nothing, and neither does it when it was accepted."""
    with transaction.atomic():
        still_open = Invitation.everywhere.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
        if still_open.update(withdrawn_at=timezone.now()):
            audit.record(tenant_id=invitation.tenant_id, actor=by, verb="withdrew", subject=invitation)


def _use_up(invitation: Invitation, user: User) -> None:
    # Two who open the link at once: the row itself says who was first.
    now = timezone.now()
    still_open = Invitation.everywhere.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None, expires_at__gt=now)
    if not still_open.update(accepted_at=now, accepted_by=user):
        raise Conflict("invitation_used", gettext("This link was used, withdrawn or has expired. Ask for another one."))


def _check(user: User, password: str) -> None:
    try:
        validate_email(user.email)
    except ValidationError as error:
        raise Mistake("/email", "invalid", " ".join(error.messages)) from None
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Mistake("/password", "weak", " ".join(error.messages)) from None
