"""What runs tell about the credential they use: when it was used, and whether the service took it.

For people to look at: each fact is written at most once a minute, since every write costs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.domain import Failure
from integrations.models import Credential, Run
from integrations.services.oauth2 import errors, grants
from tenants.services import audit

PAUSE = timedelta(minutes=1)
REFUSED = "credential_refused"
"""The code with which engines say that a service did not take the credential."""
NOT_AUTHENTICATED = (None, 401)


def begun(run: Run) -> None:
    """Note the use: in the trail once a run, and on the credential for people to look at."""
    credential = run.integration.credential
    if credential is None:
        return
    now = timezone.now()
    after = {"integration": run.integration.name, "trigger": run.trigger}
    audit.note_use(subject=credential, tenant_id=run.tenant_id, actor=run.requested_by, user=run, after=after)
    if credential.last_used_at is None or now - credential.last_used_at > PAUSE:
        Credential.everywhere.filter(pk=credential.pk).update(last_used_at=now)


def succeeded(run: Run) -> None:
    now = timezone.now()
    known = Q(status=Credential.Status.VERIFIED, verified_at__gt=now - PAUSE)
    _unchanged_since(run).exclude(known).update(status=Credential.Status.VERIFIED, verified_at=now)


def failed(run: Run, failure: Failure) -> Failure:
    """Note a refusal, and return the failure as it is with that known: a token that ended early can be renewed."""
    if failure.code in (REFUSED, errors.REFUSED):
        _unchanged_since(run).update(status=Credential.Status.REJECTED)
    is_token = failure.code == REFUSED and failure.detail.get("http_status") in NOT_AUTHENTICATED
    credential = run.integration.credential if is_token else None
    if credential is None or run.asked_at is None or not grants.distrust(credential=credential, since=run.asked_at):
        return failure
    return replace(failure, retryable=True)


def _unchanged_since(run: Run) -> QuerySet[Credential]:
    """The run's credential, unless it was changed after the run began: about that one the run says nothing."""
    if run.integration.credential_id is None or run.started_at is None:
        return Credential.everywhere.none()
    return Credential.everywhere.filter(pk=run.integration.credential_id, updated_at__lte=run.started_at)
