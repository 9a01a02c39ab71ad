"""What an engine wrote while it worked, page by page, without the run's secrets."""

from __future__ import annotations

from integrations.domain import LogPage
from integrations.engines import registry
from integrations.masking import Mask
from integrations.models import Run
from integrations.services import jobs
from integrations.vault import Unreadable


def page(run: Run, cursor: str = "") -> LogPage:
    """Return the lines after the cursor. Raises `EngineError` when the engine cannot be asked."""
    if run.log:
        return _kept(run, cursor)
    if run.handle is None:
        return LogPage(lines=(), cursor="", is_last=run.is_final)
    found = registry.get(run.integration.connector.type).logs(run.handle, cursor)
    mask = _mask(run) if found.lines else Mask(())
    return LogPage(tuple(mask.text(line) for line in found.lines), found.cursor, found.is_last and run.is_final)


def _kept(run: Run, cursor: str) -> LogPage:
    seen = int(cursor) if cursor.isdigit() else 0
    return LogPage(tuple(run.log[seen:]), str(len(run.log)), is_last=True)


def _mask(run: Run) -> Mask:
    try:
        return jobs.resume(run).mask
    except Unreadable:
        return Mask(())
