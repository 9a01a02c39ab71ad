"""What an engine wrote while it worked, page by page, without the run's secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from integrations.domain import LogPage
from integrations.engines import registry
from integrations.masking import Mask
from integrations.models import Run
from integrations.services import jobs
from integrations.vault import Unreadable

LEVELS = ("info", "warning", "error")
AT_ONCE = 1000
"""Lines that one look at a log shows at most, give or take a page of the engine."""


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    level: str


@dataclass(frozen=True, slots=True)
class Look:
    """`cursor` is where more lines begin; `has_more` when there are some already."""

    lines: list[Line]
    cursor: str
    has_more: bool


_ERROR = re.compile(r"\b(ERROR|FATAL|CRITICAL)\b|^Traceback |^\S*(Error|Exception)\b|, failed: ")
_WARNING = re.compile(r"\bWARN(ING)?\b|Warning\b")
_GOES_ON = re.compile(r"\s|\.\.\. |Caused by")


def page(run: Run, cursor: str = "") -> LogPage:
    """Return the lines after the cursor. Raises `EngineError` when the engine cannot be asked."""
    if run.log:
        return _kept(run, cursor)
    if run.handle is None:
        return LogPage(lines=(), cursor="", is_last=run.is_final)
    found = registry.get(run.integration.connector.type).logs(run.handle, cursor)
    mask = _mask(run) if found.lines else Mask(())
    return LogPage(tuple(mask.text(line) for line in found.lines), found.cursor, found.is_last and run.is_final)


def read(run: Run, cursor: str = "", most: int = AT_ONCE) -> LogPage:
    """Return as many lines after the cursor as one look shows; `is_last` when nothing follows them now."""
    found: list[str] = []
    while len(found) < most:
        here = page(run, cursor)
        found += here.lines
        if here.is_last or not here.lines:
            return LogPage(tuple(found), here.cursor, is_last=True)
        cursor = here.cursor
    return LogPage(tuple(found), cursor, is_last=False)


def look(run: Run, cursor: str = "", words: str = "", level: str = "") -> Look:
    """Read like that, and show the lines that hold the words and are at least so bad."""
    here = read(run, cursor)
    lines = zip(here.lines, levels(here.lines), strict=True)
    least, wanted = LEVELS.index(level) if level in LEVELS else 0, words.casefold()
    shown = [Line(*each) for each in lines if wanted in each[0].casefold() and LEVELS.index(each[1]) >= least]
    return Look(shown, here.cursor, not here.is_last)


def whole(run: Run) -> Iterator[str]:
    """Yield the log as text, a page at a time."""
    cursor, is_last = "", False
    while not is_last:
        here = page(run, cursor)
        cursor, is_last = here.cursor, here.is_last or not here.lines
        yield "".join(f"{line}\n" for line in here.lines)


def is_at_hand(run: Run) -> bool:
    """Tell whether the log is read without asking an engine, which may be slow to answer."""
    return bool(run.log) or run.handle is None


def levels(lines: Sequence[str]) -> list[str]:
    """Tell how bad each line is, as its words say; a line that goes on with another is as bad as that one."""
    found: list[str] = []
    for line in lines:
        if found and _GOES_ON.match(line):
            found.append(found[-1])
        elif _ERROR.search(line):
            found.append("error")
        else:
            found.append("warning" if _WARNING.search(line) else "info")
    return found


def _kept(run: Run, cursor: str) -> LogPage:
    seen = int(cursor) if cursor.isdigit() else 0
    return LogPage(tuple(run.log[seen:]), str(len(run.log)), is_last=True)


def _mask(run: Run) -> Mask:
    try:
        return jobs.resume(run).mask
    except Unreadable:
        return Mask(())
