"""Tests of connections whose stages are shown as they pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread
from uuid import UUID

from django.db import connection
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from integrations.services.connections import Report
from integrations.services.errors import Refused
from integrations.services.probes import OnStage, Stage
from integrations.vault import Unreadable
from tenants.api.streaming import Streamed
from tenants.scope import scope

LONGEST_SECONDS = 30.0
Told = Report | Refused | Sequence[Stage]


def is_wanted_in_pieces(request: HttpRequest) -> bool:
    return bool(request.headers.get("X-Pieces"))


def streamed(tenant_id: UUID, attempt: Callable[[OnStage], Report], note: Callable[[Report], None]) -> Streamed:
    """The stages so far whenever one has passed; a zero byte ends each piece. `note` keeps what came of it."""
    context = copy_context()
    pieces = _pieces(tenant_id, lambda tell: context.run(attempt, tell), note, get_language())
    return Streamed(pieces, content_type="text/html; charset=utf-8")


def _pieces(
    tenant_id: UUID, attempt: Callable[[OnStage], Report], note: Callable[[Report], None], language: str | None
) -> Iterator[bytes]:
    told: SimpleQueue[Told] = SimpleQueue()

    def work() -> None:
        try:
            with scope(tenant_id), override(language):
                told.put(attempt(told.put))
        except Refused as refusal:
            told.put(refusal)
        except Unreadable:
            told.put(Refused("unreadable", _("The credential cannot be opened. Enter its secrets again.")))
        finally:
            connection.close()

    Thread(target=work, daemon=True).start()
    while not isinstance(said := told.get(timeout=LONGEST_SECONDS), Report | Refused):
        yield _piece(said, language)
    if isinstance(said, Report):
        with scope(tenant_id):
            note(said)
    yield _piece(said, language)


def _piece(said: Told, language: str | None) -> bytes:
    with override(language):
        if isinstance(said, Refused):
            html = conditional_escape(f"{said.detail} {said.fix}".strip())
        else:
            stages = said.stages if isinstance(said, Report) else said
            html = render_to_string("wizard/_stages.html", {"stages": stages})
    return html.encode() + b"\0"
