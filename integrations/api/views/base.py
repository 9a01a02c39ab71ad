"""What all calls share: who asks, and what a service's refusal looks like from outside."""

from __future__ import annotations

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.domain import EngineError, Trigger
from integrations.services.errors import Gone, Invalid, KeyReused, Refused, Stale
from integrations.vault import Unreadable
from tenants.api.calls import Call as TenantCall
from tenants.api.problems import Problem
from tenants.models import ApiToken


class Call(TenantCall):
    """A call of the API. `queryset` names the model for the schema; rows come from `get_queryset`."""

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(problem_of(exc))


def trigger_of(request: Request) -> Trigger:
    """A token is a program, a session is a person at a page."""
    return Trigger.API if isinstance(request.auth, ApiToken) else Trigger.MANUAL


def problem_of(exc: Exception) -> Exception:
    """Say what a service raised in the API's words; what no service raises comes back as it is."""
    match exc:
        case Invalid():
            return Problem(400, "invalid", "Some fields are not right; `errors` names each of them.", errors=exc.errors)
        case KeyReused():
            return Problem(422, exc.code, f"{exc.detail} {exc.fix}".strip())
        case Refused():
            return Problem(409, exc.code, f"{exc.detail} {exc.fix}".strip())
        case Stale():
            detail = "Somebody else changed it since you read it. Read it again and repeat your change."
            return Problem(412, "changed_meanwhile", detail)
        case Gone():
            return Http404()
        case Unreadable():
            detail = (
                "The credential cannot be opened. Enter its secrets again, or give the hub the key it was sealed with."
            )
            return Problem(409, "credential_unreadable", detail)
        case EngineError():
            # What an engine says may hold anything; only the hub's own words go out.
            fix = exc.failure.fix or "Try again in a moment."
            return Problem(503, exc.failure.code, f"The engine cannot answer now. {fix}")
    return exc
