"""API tokens: made once, shown once, found again by their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext

from tenants.models import ApiToken, Member, User
from tenants.roles import Role
from tenants.services import audit
from tenants.services.errors import Mistake

MARK = "hub_"
PREFIX_LENGTH = 12
USE_NOTED_EVERY = timedelta(minutes=1)
"""A token that is used a hundred times a second is written to once a minute."""


def issue(
    *,
    member: Member,
    name: str,
    role: Role | None = None,
    expires_at: datetime | None = None,
    parent: ApiToken | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for a member and return it with the secret, which nobody can show again.

    It may do what `role` may, and never more than the member may at the time of use. A token that asks for another
    (`parent`) gives away no more than it has: its role, its end, and its revocation. Raises `Mistake`.
    """
    most = lowest(member.role, parent.role) if parent else Role(member.role)
    chosen = role or most
    if not most.covers(chosen):
        detail = f"The role {chosen} is above the most that can be given here, {most}. Choose that or a lower one."
        raise Mistake("/role", "too_high", detail)
    expires_at = _end(expires_at, parent)
    secret = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.everywhere.create(
            tenant_id=member.tenant_id,
            user_id=member.user_id,
            name=_named(name),
            role=chosen,
            parent=parent,
            prefix=secret[:PREFIX_LENGTH],
            sha256=fingerprint(secret),
            expires_at=expires_at,
        )
        after = {"name": name, "role": chosen, "expires_at": expires_at}
        audit.record(tenant_id=member.tenant_id, actor=member.user, verb="issued", subject=token, after=after)
    return token, secret


def verify(secret: str) -> ApiToken | None:
    """Find the usable token with this secret, its `role` cut down to what its member may today.

    The comparison is one of hashes in an index: how long it takes tells nothing about the secret.
    """
    if not secret.startswith(MARK):
        return None
    membership = Member.everywhere.filter(tenant_id=OuterRef("tenant_id"), user_id=OuterRef("user_id"))
    found = ApiToken.everywhere.select_related("user", "tenant").annotate(
        member_role=Subquery(membership.values("role"))
    )
    token = found.filter(sha256=fingerprint(secret)).first()
    if token is None or not token.is_usable or not token.user.is_active or token.member_role is None:
        return None
    token.role = lowest(token.role, token.member_role)
    _note_use(token)
    return token


def seen_by(user: User, role: Role) -> QuerySet[ApiToken]:
    """The entered tenant's tokens: an admin sees all, everybody else their own."""
    rows = ApiToken.objects.select_related("user")
    return rows if role.covers(Role.ADMIN) else rows.filter(user=user)


def revoke(*, token: ApiToken, by: User | None) -> None:
    """End a token and those made with it at once; doing it again changes nothing."""
    with transaction.atomic():
        if ApiToken.everywhere.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(tenant_id=token.tenant_id, actor=by, verb="revoked", subject=token)
        for child in ApiToken.everywhere.filter(parent=token):
            revoke(token=child, by=by)
    token.refresh_from_db(fields=["revoked_at"])


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def lowest(*roles: str) -> Role:
    return min((Role(role) for role in roles), key=lambda role: role.rank)


def _named(name: str) -> str:
    if not name.strip():
        raise Mistake("/name", "required", gettext("Say what the token is for."))
    return name.strip()


def _end(expires_at: datetime | None, parent: ApiToken | None) -> datetime | None:
    if expires_at is not None and expires_at <= timezone.now():
        raise Mistake("/expires_at", "past", gettext("The token would have expired already. Choose a time to come."))
    ends = [end for end in (expires_at, parent.expires_at if parent else None) if end is not None]
    return min(ends, default=None)


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - USE_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    ApiToken.everywhere.filter(stale, pk=token.pk).update(last_used_at=now)
    token.last_used_at = now
