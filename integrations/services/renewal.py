"""Tokens are renewed ahead of their end, and handed to engines that work with them at that moment."""

from __future__ import annotations

import time

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from connectors.oauth2 import CODE
from integrations.domain import EngineError
from integrations.models import UNDER_WAY, Credential, Grant, Integration, Run
from integrations.services import deployments, opening, references
from integrations.services.errors import Busy
from integrations.services.oauth2 import grants, setups, signing_in
from integrations.vault import Unreadable
from tenants.scope import scope

log = structlog.get_logger(__name__)

SECONDS = 15.0
MOST = 200
UNREADABLE = "The credential cannot be opened."


def renew_due(seconds: float = SECONDS) -> int:
    """Renew what ends soon, for so many seconds; return how many were. Any number of processes may do so at once."""
    signing_in.forget_old()
    until, count = time.monotonic() + seconds, 0
    for grant in _due()[:MOST]:
        if time.monotonic() >= until:
            break
        with scope(grant.tenant_id):
            count += _renewed(grant)
    return count


def _due() -> QuerySet[Grant]:
    """A person's sign-in is kept alive; a client's token is renewed ahead only for runs that are under way."""
    now = timezone.now()
    runs = Run.everywhere.filter(UNDER_WAY, integration__credential=OuterRef("credential"))
    rows = Grant.everywhere.filter(Q(kind=CODE) | Exists(runs), renew_at__lte=now)
    free = rows.filter(Q(leased_until=None) | Q(leased_until__lte=now))
    return free.select_related("credential__connector", "credential__tenant").order_by("renew_at")


def _renewed(grant: Grant) -> bool:
    """One that fails holds up no other: it is tried again later."""
    credential = grant.credential
    try:
        data = references.resolve(credential, credential.connector.credential_schema)
        setup = setups.of(credential.connector, credential.tenant_id, data)
        is_new = setup is not None and grants.renew(grant, setup)
    except EngineError as error:
        log.info("renewal_failed", credential=str(credential.pk), reason=str(error))
        grants.postpone(grant, str(error), error.failure.fix)
        return False
    except Unreadable:
        grants.postpone(grant, UNREADABLE)
        return False
    if is_new:
        _hand_on(credential)
    return is_new


def _hand_on(credential: Credential) -> None:
    """Give the new token to engines whose runs would outlive the old one."""
    active = Run.everywhere.filter(UNDER_WAY, integration=OuterRef("pk"))
    rows = Integration.everywhere.filter(Exists(active), credential=credential, deployment__isnull=False)
    for integration in rows.select_related("connector", "deployment", "credential__connector", "credential__tenant"):
        try:
            deployments.ensure(integration, opening.opened(credential).data)
        except (Busy, EngineError) as error:
            log.info("token_not_handed_on", integration=str(integration.pk), reason=str(error))
