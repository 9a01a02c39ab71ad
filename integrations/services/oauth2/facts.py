"""How a credential's sign-in stands, for people: told from what may be known without opening its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext

from connectors import oauth2
from integrations.domain import Json
from integrations.models import Credential, Grant
from integrations.services.oauth2 import grants, setups
from integrations.services.oauth2.errors import FIX


class State(StrEnum):
    OK = "ok"
    NEEDED = "needed"
    EXPIRED = "expired"
    SCOPES_MISSING = "scopes_missing"
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Facts:
    grant: str
    state: State
    detail: str = ""
    fix: str = ""
    scopes: Sequence[str] = ()
    missing_scopes: Sequence[str] = ()
    renews: bool = False
    expires_at: datetime | None = None
    authorised_at: datetime | None = None


def of(credential: Credential, data: Json) -> Facts | None:
    """None when the credential does not sign in with OAuth 2.0."""
    choice = oauth2.choose(credential.connector.oauth2, data)
    if not choice:
        return None
    grant: Grant | None = getattr(credential, "grant", None)
    needed = setups.scopes(choice, data)
    if not setups.signs_in(choice):
        return _of_client(choice, grant, needed)
    if grant is None or not grant.has_tokens:
        why = grant.problem.get("message", "") if grant else ""
        return Facts(choice["grant"], State.NEEDED, why or gettext(grants.UNTOLD), gettext(FIX))
    return _of_grant(choice, grant, needed)


def _of_client(choice: Json, grant: Grant | None, needed: list[str]) -> Facts:
    """A client needs nobody: before its first use there is nothing to tell."""
    if grant is None or not grant.has_tokens:
        problem = grant.problem if grant else {}
        state = State.FAILING if problem else State.OK
        return Facts(choice["grant"], state, problem.get("message", ""), problem.get("fix", ""), renews=True)
    return _of_grant(choice, grant, needed)


def _of_grant(choice: Json, grant: Grant, needed: list[str]) -> Facts:
    missing = [scope for scope in needed if scope not in grant.scopes]
    state, detail, fix = _judge(grant, missing)
    return Facts(
        grant=choice["grant"],
        state=state,
        detail=detail,
        fix=fix,
        scopes=grant.scopes,
        missing_scopes=missing,
        renews=grant.renewable,
        expires_at=grant.expires_at,
        authorised_at=grant.authorised_at,
    )


def _judge(grant: Grant, missing: list[str]) -> tuple[State, str, str]:
    if not grant.renewable and grant.expires_at and grant.expires_at <= timezone.now():
        ended = gettext("What the service granted has ended, and it gave nothing to renew it with.")
        return State.EXPIRED, ended, gettext(FIX)
    if grant.problem:
        return State.FAILING, grant.problem.get("message", ""), grant.problem.get("fix", "")
    if missing:
        named = ", ".join(missing)
        fix = gettext(
            "Authorise the credential again and allow all of it, or have the service's admin allow it: %(named)s."
        )
        missed = gettext("The service did not grant: %(named)s.")
        return State.SCOPES_MISSING, missed % {"named": named}, fix % {"named": named}
    return State.OK, "", ""
