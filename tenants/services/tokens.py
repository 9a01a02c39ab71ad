"""API tokens: made once, shown once, found again by their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from tenants.models import ApiToken, Member, User
from tenants.roles import Role
from tenants.services import audit

MARK = "hub_"
PREFIX_LENGTH = 12
USE_NOTED_EVERY = timedelta(minutes=1)
"""A token that is used a hundred times a second is written to once a minute."""


def issue(
    *, member: Member, name: str, role: Role | None = None, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token for a member and return it with the secret, which nobody can show again.

    It may do what `role` may, the member's own when None, and never more than the member may at the time of use.
    Raises ValueError in words.
    """
    chosen = role or Role(member.role)
    if not Role(member.role).covers(chosen):
        raise ValueError(
            f"The role {chosen} is above the member's own, which is {member.role}. Choose that or a lower one."
        )
    if expires_at is not None and expires_at <= timezone.now():
        raise ValueError("The token would have expired already. Choose a time to come.")
    secret = MARK + secrets.token_urlsafe(32)
    with transaction.atomic():
        token = ApiToken.everywhere.create(
            tenant_id=member.tenant_id,
            user_id=member.user_id,
            name=name,
            role=chosen,
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
    token.role = min(Role(token.role), Role(token.member_role), key=lambda role: role.rank)
    _note_use(token)
    return token


def revoke(*, token: ApiToken, by: User | None) -> None:
    """End a token at once; doing it again changes nothing."""
    with transaction.atomic():
        if ApiToken.everywhere.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(tenant_id=token.tenant_id, actor=by, verb="revoked", subject=token)
    token.refresh_from_db(fields=["revoked_at"])


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is not None and token.last_used_at > now - USE_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    ApiToken.everywhere.filter(stale, pk=token.pk).update(last_used_at=now)
    token.last_used_at = now
