"""One shape for everything that goes wrong below /api/: application/problem+json (RFC 9457)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Engine
from django.views import defaults
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.serializer_helpers import ReturnDict

MEDIA_TYPE = "application/problem+json"
DatabaseAway = (OperationalError, InterfaceError)
DATABASE_AWAY = "The hub's database does not answer. Nothing is lost; try again in a moment."
RETRY_SECONDS = 5
Body = dict[str, Any]


class FieldProblem(Protocol):
    """What is wrong with one field; `pointer` is a JSON pointer into the request's body."""

    @property
    def pointer(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def detail(self) -> str: ...


class Problem(exceptions.APIException):
    """Answer this call with a problem. `detail` says what is wrong and what to do, without a secret."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Iterable[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.code = code
        self.errors = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in errors]
        self.headers = dict(headers or {})


class ProblemResponse(Response):
    """Is JSON whatever the call itself would have answered: a file, a drawing, YAML."""

    @property
    def rendered_content(self) -> bytes:  # type: ignore[override]  # as everywhere in DRF
        self["Content-Type"] = MEDIA_TYPE
        return JSONRenderer().render(self.data)


def too_large() -> Problem:
    largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return Problem(413, "too_large", f"The body is larger than {largest} bytes. Send less at once.")


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn what a view raised into a problem; None leaves what nobody foresaw to Django's own 500."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        exc = too_large()
    if not isinstance(exc, exceptions.APIException):
        return None
    request: Request = context["request"]
    answer = body(request, exc.status_code, _code(exc), _detail(exc), _errors(exc))
    return ProblemResponse(answer, exc.status_code, headers=_headers(exc))


def body(request: Request | HttpRequest, status: int, code: str, detail: str, errors: list[Body] | None = None) -> Body:
    return {
        "type": f"urn:hub:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": getattr(request, "id", ""),
        "errors": errors or [],
    }


def _code(exc: exceptions.APIException) -> str:
    if isinstance(exc, Problem):
        return exc.code
    return "invalid" if isinstance(exc, exceptions.ValidationError) else str(exc.default_code)


def _detail(exc: exceptions.APIException) -> str:
    if isinstance(exc, exceptions.ValidationError):
        return "Some fields are not right; `errors` names each of them."
    if isinstance(exc, exceptions.NotFound):
        return "There is nothing here under this address, or you may not see it."
    return str(exc.detail)


def _errors(exc: exceptions.APIException) -> list[Body]:
    if isinstance(exc, Problem):
        return exc.errors
    return list(_flat(exc.detail, "")) if isinstance(exc, exceptions.ValidationError) else []


def _flat(detail: object, pointer: str) -> Iterator[Body]:
    """Walk DRF's nested errors; a list of strings belongs to the field, a list of objects to its items."""
    if isinstance(detail, (dict, ReturnDict)):
        for name, inner in detail.items():
            own = str(name).replace("~", "~0").replace("/", "~1")
            yield from _flat(inner, pointer if name == "non_field_errors" else f"{pointer}/{own}")
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _flat(inner, f"{pointer}/{place}" if isinstance(inner, (dict, list)) else pointer)
    else:
        yield {"pointer": pointer, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers: dict[str, str] = dict(getattr(exc, "headers", {}))
    if (scheme := getattr(exc, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = scheme
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait))
    return headers


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = "The request is malformed; the server cannot read it."
    return _plain(request, 400, "bad_request", detail) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = "You may not do this."
    return _plain(request, 403, "permission_denied", detail) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    detail = "There is no such address. /api/docs lists those that are there."
    return _plain(request, 404, "not_found", detail) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw; a database that is away is told apart: that passes, and nothing is wrong with the hub."""
    if isinstance(sys.exc_info()[1], DatabaseAway):
        answer = _plain(request, 503, "database_away", DATABASE_AWAY) or _page("503.html", request, 503)
        answer.headers["Retry-After"] = str(RETRY_SECONDS)
        return answer
    detail = "The hub itself failed. Its log has the reason under this request_id."
    return _plain(request, 500, "server_error", detail) or _page("500.html", request, 500)


def _page(template: str, request: HttpRequest, status: int) -> HttpResponse:
    """Without context processors: they would ask the database who is signed in."""
    return HttpResponse(
        Engine.get_default().get_template(template).render(Context({"request": request})), status=status
    )


def _plain(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse | None:
    if not request.path_info.startswith("/api/"):
        return None
    return JsonResponse(body(request, status, code, detail), status=status, content_type=MEDIA_TYPE)
