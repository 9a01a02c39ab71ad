"""What services granted: kept sealed, renewed ahead of its end by one worker at a time, given up when it is revoked.

A renewal is claimed by a short lease on the row and asks the service outside of any transaction. Every write counts up
`revision` and is made on condition that nobody wrote since: the older of two answers loses, whatever it says.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from connectors.oauth2 import CLIENT, CODE
from integrations.domain import Json
from integrations.models import Credential, Grant
from integrations.services.errors import Busy
from integrations.services.oauth2 import exchange
from integrations.services.oauth2.errors import FIX, GrantLost, NeedsAuthorisation, TokenError
from integrations.services.oauth2.exchange import Tokens
from integrations.services.oauth2.setups import Setup
from integrations.vault import Unreadable
from tenants.models import User
from tenants.services import audit

log = structlog.get_logger(__name__)

LEASE_SECONDS = 10 * exchange.SECONDS
"""Much longer than an answer may take: two renewals at once could cost both their refresh token."""
LOOK_SECONDS = 0.1
LEAST_SECONDS = 30
"""A token that lives shorter is no longer handed out when there may be a better one."""
AHEAD = 0.25
MOST_AHEAD_SECONDS = 600
"""Renewed when a quarter of its life is left, or so many seconds: clocks may differ, and a run should end with it."""
SOONEST_SECONDS = 60
LONGEST_PAUSE_SECONDS = 3600
WRITE_PAUSES = (0.1, 0.5, 2.0, 0.0)
UNTOLD = gettext_noop("Nobody has authorised it yet.")
CHANGED = "The OAuth client, or where it asks for tokens, is another one now."


def token(credential: Credential, setup: Setup, *, wait_seconds: float = 0.0) -> Json:
    """Return the credential's tokens, renewed now if their end is near.

    Raises `Busy` when another worker is at it for longer than the wait, `NeedsAuthorisation`, `TokenError`.
    """
    until = time.monotonic() + wait_seconds
    while True:
        grant = _held(credential, setup)
        if grant.has_tokens and not is_due(grant):
            return _opened(grant)
        if _claim(grant):
            return _renewed(grant, setup)
        if grant.has_tokens and _lives(grant):
            return _opened(grant)
        if time.monotonic() >= until:
            raise Busy
        time.sleep(LOOK_SECONDS)


def known(credential: Credential) -> Json:
    """Return what is kept, however old: for a run that is under way. Empty when there is nothing."""
    grant = Grant.everywhere.filter(credential=credential).first()
    return _opened(grant) if grant and grant.has_tokens else {}


def keep(*, credential: Credential, setup: Setup, tokens: Tokens, asked_at: datetime, by: User | None) -> Grant:
    """Keep what a sign-in brought, over whatever there was before."""
    with transaction.atomic():
        Grant.everywhere.get_or_create(
            credential=credential, defaults={"tenant_id": credential.tenant_id, "kind": setup.kind}
        )
        grant = Grant.everywhere.select_for_update().get(credential=credential)
        before = {"scopes": grant.scopes}
        # What was asked for now counts, not what was granted before.
        grant.scopes = list(setup.scopes)
        _take(grant, setup, tokens, asked_at)
        grant.authorised_by, grant.authorised_at = by, timezone.now()
        grant.save()
        ends = None if grant.renewable else grant.expires_at
        Credential.everywhere.filter(pk=credential.pk).update(
            status=Credential.Status.VERIFIED, verified_at=grant.authorised_at, expires_at=ends
        )
        after = {"scopes": grant.scopes}
        audit.record(
            tenant_id=grant.tenant_id, actor=by, verb="authorised", subject=credential, before=before, after=after
        )
    return grant


def renew(grant: Grant, setup: Setup) -> bool:
    """Renew it now if nobody else does, as the clock asks; tell whether there are new tokens. Raises as `token`."""
    if grant.setup != setup.mark:
        _lose(grant, CHANGED)
        return False
    before = grant.revision
    return _claim(grant) and bool(_renewed(grant, setup)) and grant.revision != before


def postpone(grant: Grant, problem: str, fix: str = "") -> None:
    """Try again later, each time after twice as long, and say meanwhile what is wrong."""
    pause = timedelta(seconds=min(SOONEST_SECONDS * 2**grant.tries, LONGEST_PAUSE_SECONDS))
    _unchanged(grant).update(
        tries=min(grant.tries + 1, 20),
        renew_at=timezone.now() + pause,
        problem={"message": problem, "fix": fix},
        lease=None,
        leased_until=None,
    )


def distrust(*, credential: Credential, since: datetime) -> bool:
    """Have the next use renew a token that a service refused, unless that happened already; False when it cannot be."""
    rows = Grant.everywhere.filter(credential=credential, renewable=True)
    now = timezone.now()
    rows.filter(renewed_at__lte=since, expires_at__gt=now).update(expires_at=now)
    rows.filter(renewed_at__lte=since, expires_at=None).update(expires_at=now)
    return rows.exists()


def check(credential: Credential, setup: Setup | None) -> None:
    """Give up what the credential, as it is now, would not have been granted: by another client, or by itself."""
    grant = Grant.everywhere.select_related("credential").filter(credential=credential).first()
    if grant is None:
        return
    if setup is None or setup.kind == CLIENT:
        grant.delete()
    elif grant.has_tokens and grant.setup != setup.mark:
        _lose(grant, CHANGED)


def is_due(grant: Grant) -> bool:
    if not grant.renewable:
        return False
    now = timezone.now()
    return bool(grant.renew_at and now >= grant.renew_at) or not _lives(grant)


def _lives(grant: Grant) -> bool:
    return grant.expires_at is None or grant.expires_at > timezone.now() + timedelta(seconds=LEAST_SECONDS)


def _held(credential: Credential, setup: Setup) -> Grant:
    """The grant as it is now. Raises `NeedsAuthorisation` when it holds nothing that may be used."""
    grant = Grant.everywhere.select_related("credential").filter(credential=credential).first()
    if setup.kind == CLIENT:
        return _of_client(credential, setup, grant)
    if grant is None:
        raise NeedsAuthorisation(UNTOLD)
    if grant.has_tokens and grant.setup != setup.mark:
        _lose(grant, CHANGED)
        raise NeedsAuthorisation(CHANGED)
    if not grant.has_tokens:
        raise NeedsAuthorisation(grant.problem.get("message", UNTOLD))
    if not grant.renewable and grant.expires_at and grant.expires_at <= timezone.now():
        raise NeedsAuthorisation("What the service granted has ended, and it gave nothing to renew it with.")
    return grant


def _of_client(credential: Credential, setup: Setup, grant: Grant | None) -> Grant:
    """A client needs nobody: its grant is made when it is first needed, and begins anew for another client."""
    if grant is None:
        defaults = {"tenant_id": credential.tenant_id, "kind": CLIENT, "setup": setup.mark, "renewable": True}
        grant = Grant.everywhere.get_or_create(credential=credential, defaults=defaults)[0]
    if grant.setup != setup.mark or grant.kind != CLIENT:
        _unchanged(grant).update(
            tokens=None, kind=CLIENT, setup=setup.mark, renewable=True, revision=grant.revision + 1
        )
        grant.refresh_from_db()
    return grant


def _claim(grant: Grant) -> bool:
    """Take the lease, unless somebody has it or has written since the grant was read."""
    now = timezone.now()
    free = _unchanged(grant).filter(Q(leased_until=None) | Q(leased_until__lte=now))
    grant.lease = uuid.uuid4()
    return bool(free.update(lease=grant.lease, leased_until=now + timedelta(seconds=LEASE_SECONDS)))


def _renewed(grant: Grant, setup: Setup) -> Json:
    """Ask the service under the lease, and return the tokens that are good now."""
    asked_at, held = timezone.now(), _opened(grant)
    try:
        asked = exchange.for_client(setup) if setup.kind == CLIENT else exchange.refresh(setup, held["refresh_token"])
    except TokenError as error:
        return _not_renewed(grant, error)
    _write(grant, setup, asked, asked_at)
    log.info("token_renewed", credential=str(grant.credential_id), tenant=str(grant.tenant_id))
    return _now(grant)


def _not_renewed(grant: Grant, error: TokenError) -> Json:
    """Go on with what there is while it lives; else pass on why there is no more."""
    log.info("token_not_renewed", credential=str(grant.credential_id), code=error.failure.code, reason=str(error))
    if isinstance(error, GrantLost) and grant.kind == CODE:
        if _lose(grant, str(error)):
            raise NeedsAuthorisation(str(error)) from error
        return _now(grant)  # somebody authorised it while we asked
    postpone(grant, str(error), error.failure.fix)
    if grant.has_tokens and _lives(grant):
        return _opened(grant)
    raise error


def _now(grant: Grant) -> Json:
    """What the row holds, whoever wrote it. Raises `Busy` when it was given up at this moment: look again."""
    if found := known(grant.credential):
        return found
    raise Busy


def _write(grant: Grant, setup: Setup, tokens: Tokens, asked_at: datetime) -> None:
    """Write what the service answered; it may have taken the old refresh token back already, so do not give up soon."""
    for pause in WRITE_PAUSES:
        try:
            with transaction.atomic():
                held = Grant.everywhere.select_for_update().filter(pk=grant.pk, revision=grant.revision).first()
                if held is not None:
                    _take(held, setup, tokens, asked_at)
                    held.save()
        except OperationalError:
            if not pause or connection.in_atomic_block:
                raise
            log.warning("token_not_written", credential=str(grant.credential_id))
            connection.close()
            time.sleep(pause)
        else:
            grant.revision += held is not None
            return


def _take(grant: Grant, setup: Setup, tokens: Tokens, asked_at: datetime) -> None:
    held = _opened_if_it_opens(grant)
    known_refresh = held.get("refresh_token", "") if grant.setup == setup.mark else ""
    grant.tokens = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token or known_refresh,
        # A run that began with it may still show it: the masks need it.
        "previous": held.get("access_token", ""),
    }
    grant.kind, grant.setup = setup.kind, setup.mark
    grant.renewable = setup.kind == CLIENT or bool(grant.tokens["refresh_token"])
    grant.scopes = list(tokens.scopes if tokens.scopes is not None else grant.scopes or setup.scopes)
    grant.revision += 1
    grant.renewed_at, grant.problem, grant.tries = timezone.now(), {}, 0
    grant.lease = grant.leased_until = None
    _take_times(grant, tokens.seconds, asked_at)


def _take_times(grant: Grant, seconds: int | None, asked_at: datetime) -> None:
    """Count from when it was asked for, by our own clock: the service's may be wrong."""
    grant.expires_at = grant.renew_at = None
    if seconds is None:
        return
    grant.expires_at = asked_at + timedelta(seconds=seconds)
    if grant.renewable:
        renew_at = grant.expires_at - timedelta(seconds=min(seconds * AHEAD, MOST_AHEAD_SECONDS))
        grant.renew_at = max(renew_at, asked_at + timedelta(seconds=SOONEST_SECONDS))


def _lose(grant: Grant, why: str) -> bool:
    """Give the tokens up; False when somebody wrote newer ones meanwhile."""
    with transaction.atomic():
        lost = _unchanged(grant).update(
            tokens=None,
            renewable=False,
            revision=grant.revision + 1,
            problem={"message": why, "fix": FIX},
            expires_at=None,
            renew_at=None,
            lease=None,
            leased_until=None,
        )
        if lost:
            after = {"why": why}
            audit.record(
                tenant_id=grant.tenant_id, actor=None, verb="lost authorisation", subject=grant.credential, after=after
            )
    return bool(lost)


def _unchanged(grant: Grant) -> QuerySet[Grant]:
    return Grant.everywhere.filter(pk=grant.pk, revision=grant.revision)


def _opened(grant: Grant) -> Json:
    """Raises `vault.Unreadable`."""
    held: Json = grant.tokens or {}
    return held


def _opened_if_it_opens(grant: Grant) -> Json:
    """What was lost with its key is replaced by what comes."""
    try:
        return _opened(grant)
    except Unreadable:
        return {}
