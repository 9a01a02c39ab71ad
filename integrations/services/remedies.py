"""What somebody can do about a run that did not end well: whichever fits whose side the failure is on."""

from __future__ import annotations

from enum import StrEnum

from integrations.domain import Failure, Origin, RunState
from integrations.models import Run

OF_CREDENTIALS = ("credential_", "secret_", "authorisation_", "oauth_", "n8n_credential_")
NOT_LET_IN = (401, 403)


class Remedy(StrEnum):
    RETRY = "retry"
    CREDENTIAL = "credential"
    SETTINGS = "settings"


def remedy(run: Run) -> Remedy | None:
    """Name what helps most; None while the run has not ended, when it ended well, and when its integration is gone."""
    if not run.is_final or run.state == RunState.SUCCEEDED or run.integration.deleted_at:
        return None
    if run.failure is None:
        return Remedy.RETRY
    failure = Failure.from_json(run.failure)
    if run.integration.credential_id and _is_of_credential(failure):
        return Remedy.CREDENTIAL
    return Remedy.SETTINGS if failure.origin is Origin.SETTINGS and not failure.retryable else Remedy.RETRY


def _is_of_credential(failure: Failure) -> bool:
    statuses = {failure.detail.get(name) for name in ("http_status", "http", "status")}
    return failure.code.startswith(OF_CREDENTIALS) or not statuses.isdisjoint(NOT_LET_IN)
