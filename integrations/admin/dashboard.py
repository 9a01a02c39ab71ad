"""The first page of the platform: the last day in bars, and what wants somebody's attention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from integrations.domain import RunState
from integrations.services import dashboard
from integrations.services.dashboard import Day, Hour

WIDTH, HEIGHT, GAP = 960, 160, 6
"""Of the drawing, in its own units."""
GROUPS = {
    "succeeded": (RunState.SUCCEEDED,),
    "failed": (RunState.FAILED, RunState.TIMED_OUT, RunState.LOST),
    "cancelled": (RunState.CANCELLED,),
    "under way": (RunState.RUNNING, RunState.STARTING, RunState.CANCELLING, RunState.QUEUED),
}
"""What is drawn as one piece of a bar, from the bottom up."""
TONES = {"succeeded": "good", "failed": "bad", "cancelled": "idle", "under way": "busy"}


@dataclass(frozen=True, slots=True)
class Piece:
    tone: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour as a column; `counts` are the numbers of the groups, in their order."""

    begins_at: datetime
    x: float
    width: float
    pieces: list[Piece]
    counts: list[int]
    words: str


def context(request: HttpRequest, given: dict[str, Any]) -> dict[str, Any]:
    """Add the day to the page of those who may look at runs."""
    if not request.user.has_perm("integrations.view_run"):
        return given
    day = dashboard.day()
    legend = [(name, TONES[name], sum(_count(hour, name) for hour in day.hours)) for name in GROUPS]
    size = {"width": WIDTH, "height": HEIGHT}
    return {**given, "day": day, "bars": bars(day), "legend": legend, "size": size, "groups": list(GROUPS)}


def bars(day: Day) -> list[Bar]:
    highest = max((hour.total for hour in day.hours), default=0) or 1
    step = WIDTH / len(day.hours)
    return [
        Bar(
            hour.begins_at,
            round(number * step + GAP / 2, 1),
            round(step - GAP, 1),
            list(_pieces(hour, highest)),
            [_count(hour, name) for name in GROUPS],
            ", ".join(f"{_count(hour, name)} {name}" for name in GROUPS if _count(hour, name)) or "no run",
        )
        for number, hour in enumerate(day.hours)
    ]


def _pieces(hour: Hour, highest: int) -> Iterator[Piece]:
    """The groups on top of each other. What is there at all can be seen, however little it is."""
    top = float(HEIGHT)
    for name in GROUPS:
        if count := _count(hour, name):
            height = min(max(count / highest * HEIGHT, 2.0), top)
            top -= height
            yield Piece(TONES[name], round(top, 1), round(height, 1))


def _count(hour: Hour, group: str) -> int:
    return sum(hour.states.get(state, 0) for state in GROUPS[group])
