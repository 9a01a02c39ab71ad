"""What all calls share: who asks, and what a service's refusal looks like from outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from integrations.domain import EngineError, Trigger
from integrations.services.errors import Gone, Invalid, KeyReused, Refused, Stale
from integrations.vault import Unreadable
from tenants.api.access import Access, access_of
from tenants.api.problems import Problem
from tenants.models import ApiToken


class Call(GenericAPIView[Any]):
    """A call of the API. `queryset` names the model for the schema; rows come from `get_queryset`."""

    @property
    def access(self) -> Access:
        return access_of(self.request)

    @property
    def tenant_id(self) -> UUID:
        return self.access.tenant_id

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(problem_of(exc))

    def answer_page(self, shape: type[BaseSerializer[Any]]) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(shape(page, many=True).data)


def checked(shape: BaseSerializer[Any]) -> BaseSerializer[Any]:
    shape.is_valid(raise_exception=True)
    return shape


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
