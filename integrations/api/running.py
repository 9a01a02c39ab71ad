"""The work of a run itself calls: its token is made for one attempt and ends with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any
from uuid import UUID

import structlog
from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from integrations.models import Run
from integrations.services import pushing
from tenants import origin, scope
from tenants.api.parsers import read_limited


class RunAuthentication(BaseAuthentication):
    """`Authorization: Bearer hubrun_...`; `request.auth` is the run that the address names."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, Run] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        run = pushing.verify(UUID(str(request.parser_context["kwargs"]["pk"])), token.strip())
        if run is None:
            raise AuthenticationFailed("This token is of no attempt that is at work now.")
        scope.enter(run.tenant_id)
        origin.note(f"run {run.pk}")
        structlog.contextvars.bind_contextvars(tenant=str(run.tenant_id), run_id=str(run.pk))
        return AnonymousUser(), run

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="run"'


class IsRun(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Run)


class NdjsonParser(BaseParser):
    """Hands on the body as it is: rows are read line by line where they are kept."""

    media_type = "application/x-ndjson"

    def parse(  # type: ignore[override]
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return read_limited(stream)


class RunScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = RunAuthentication
    name = "run"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "What a run's work was given: `hubrun_...`",
        }
