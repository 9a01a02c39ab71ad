"""A run watched to its end: what is new of it, as server-sent events that a browser can take up again."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

from rest_framework.renderers import JSONRenderer

from integrations.api.shapes.runs import RunShape
from integrations.domain import EngineError, Json, LogPage
from integrations.models import Run
from integrations.services import logs, overview
from tenants.scope import scope

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, GROWTH = 0.2, 1.0, 1.3
LOG_SECONDS = 1.0
SILENCE_SECONDS = 15.0
"""After so long without an event a comment goes out: proxies keep the connection, and a dead one is noticed."""
LONGEST_SECONDS = 300.0
"""Then the stream closes and the browser takes it up again: whoever lost their access meanwhile is not let in."""
RETRY_MILLISECONDS = 1000
END = "end"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a watcher has come; it travels as the id of each event and comes back as Last-Event-ID."""

    seen: str = ""
    cursor: str = ""
    has_ended: bool = False

    @classmethod
    def parse(cls, text: str) -> Place:
        seen, _, rest = text.partition(".")
        cursor, _, end = rest.partition(".")
        return cls(seen, unquote(cursor), end == END)

    def __str__(self) -> str:
        end = f".{END}" if self.has_ended else ""
        return f"{self.seen}.{quote(self.cursor, safe='').replace('.', '%2E')}{end}"


@dataclass(slots=True)
class Watch:
    """Gives `run` when the run changed, `log` for new lines if they are wanted, and `end` as the last event."""

    run_id: UUID
    tenant_id: UUID
    place: Place
    has_logs: bool = False
    pause: float = FIRST_PAUSE_SECONDS
    began: float = field(default_factory=lambda: time.monotonic())
    spoke: float = 0.0
    looked_at_log: float = float("-inf")

    def look(self) -> tuple[bytes, float | None]:
        with scope(self.tenant_id):
            run = overview.run().get(pk=self.run_id)
            page = self._page(run)
            pieces = [*self._lines(page), *self._change(run)]
            is_over = run.is_final and not (page and page.lines and not page.is_last)
            if is_over:
                pieces.append(self._event(END, {"state": run.state}, has_ended=True))
        return self._said(b"".join(pieces)), None if is_over else self._next_pause(bool(pieces))

    def _change(self, run: Run) -> list[bytes]:
        shown = JSONRenderer().render(RunShape(run).data)
        seen = hashlib.sha256(shown).hexdigest()[:16]
        return [] if seen == self.place.seen else [self._event("run", shown, seen=seen)]

    def _lines(self, page: LogPage | None) -> list[bytes]:
        return [self._event("log", self._told(page), cursor=page.cursor)] if page and page.lines else []

    def _told(self, page: LogPage) -> dict[str, Any]:
        return {"lines": page.lines, "levels": logs.levels(page.lines)}

    def _page(self, run: Run) -> LogPage | None:
        """The log's next page, where it is wanted and worth a look."""
        now = time.monotonic()
        if not self.has_logs or (now - self.looked_at_log < LOG_SECONDS and not run.is_final):
            return None
        self.looked_at_log = now
        try:
            return logs.page(run, self.place.cursor)
        except EngineError:
            return None  # The run goes on; the log can be asked for later.

    def _event(self, name: str, data: Any, **place: Any) -> bytes:
        self.place = Place(**{"seen": self.place.seen, "cursor": self.place.cursor, **place})
        text = data if isinstance(data, bytes) else JSONRenderer().render(data)
        return f"event: {name}\nid: {self.place}\ndata: ".encode() + text + b"\n\n"

    def _said(self, piece: bytes) -> bytes:
        now, is_first = time.monotonic(), not self.spoke
        if is_first:
            piece = f"retry: {RETRY_MILLISECONDS}\n\n".encode() + piece
        elif not piece and now - self.spoke >= SILENCE_SECONDS:
            piece = b": still here\n\n"
        self.spoke = now if piece else self.spoke
        return piece

    def _next_pause(self, is_new: bool) -> float | None:
        if time.monotonic() - self.began > LONGEST_SECONDS:
            return None
        self.pause = FIRST_PAUSE_SECONDS if is_new else min(self.pause * GROWTH, LONGEST_PAUSE_SECONDS)
        return self.pause


def _shown(page: LogPage) -> Json:
    return {"lines": page.lines, "levels": logs.levels(page.lines)}
