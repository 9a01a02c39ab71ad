"""Logs: one JSON object a line (or coloured lines at a desk), each with its request, run and tenant."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import cast

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.typing import EventDict, Processor, WrappedLogger

REQUEST_ID = re.compile(r"[A-Za-z0-9_.:-]{8,64}")
"""Ids that callers may choose; anything else could forge a log line or a header."""
SECRET_KEYS = re.compile(r"password|secret|token|authorization|api_?key|credential|cookie", re.IGNORECASE)
QUIET = {
    "django.request": "ERROR",
    "django.security": "ERROR",
    "httpx": "WARNING",
    "urllib3": "WARNING",
    "py4j": "WARNING",
}

Answer = Callable[[HttpRequest], HttpResponseBase]
AnswerLater = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


def configure(level: str, style: str) -> None:
    """Send everything, the libraries' own lines too, through one formatter to standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(style)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(max(logging.getLevelName(quiet), root.level))


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Blank values whose name says that they are secret, should one ever be logged."""
    for key in event:
        if SECRET_KEYS.search(key) and isinstance(event[key], str):
            event[key] = "***"
    return event


def _ending(style: str) -> list[Processor]:
    if style == "console":
        # Rich tracebacks would print every local variable, secrets too.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


class RequestIdMiddleware:
    """Name each request: in its log lines, in `request.id`, and in the answer's X-Request-ID."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Answer | AnswerLater) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._answer_later(request)
        with structlog.contextvars.bound_contextvars(request_id=name_of(request)):
            return _named(cast(Answer, self.get_response)(request), request)

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        with structlog.contextvars.bound_contextvars(request_id=name_of(request)):
            return _named(await cast(AnswerLater, self.get_response)(request), request)


def name_of(request: HttpRequest) -> str:
    """The request's id: the caller's own when it is sane, else a new one."""
    given = request.headers.get("X-Request-ID", "")
    request.id = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)  # type: ignore[attr-defined]
    return cast(str, request.id)  # type: ignore[attr-defined]


def _named(response: HttpResponseBase, request: HttpRequest) -> HttpResponseBase:
    response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
    return response
