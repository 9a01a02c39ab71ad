"""Columns as people look at them: what each holds, with a small drawing of how its values lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from integrations.domain import Json
from integrations.models import DatasetVersion
from integrations.services import cells, datasets

WIDTH, HEIGHT = 240, 48
LEAST = 1.5
"""What is there at all is drawn at least so high."""
MOST_VALUES = 5
EMPTY = "“”"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A bar of a histogram, in the drawing's own units, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True, slots=True)
class Frequent:
    text: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Profile:
    """`nulls` is a share from 0 to 1; the extremes are ready to be shown, None where there are none."""

    name: str
    type: str
    kind: str
    nulls: float
    distinct: int
    is_estimate: bool
    least: Any
    greatest: Any
    strokes: Sequence[Stroke]
    frequent: Sequence[Frequent]

    @property
    def null_percent(self) -> str:
        """Rounded so that none and all are said of none and all alone."""
        if self.nulls in (0, 1):
            return f"{self.nulls:.0%}"
        return "< 1 %" if self.nulls < 0.01 else "> 99 %" if self.nulls > 0.99 else f"{self.nulls:.0%}"


def of(version: DatasetVersion | None) -> list[Profile]:
    rows = version.rows if version else 0
    return [_profile(column, rows) for column in datasets.profile(version=version)]


def _profile(column: Json, rows: int) -> Profile:
    kind = column["kind"]
    return Profile(
        name=column["name"],
        type=column["type"],
        kind=cells.kind_of(column["type"]),
        nulls=column["null_share"],
        distinct=column["distinct"],
        is_estimate=column["is_estimate"],
        least=_shown(column["min"], kind),
        greatest=_shown(column["max"], kind),
        strokes=_strokes(column["histogram"], kind),
        frequent=[_frequent(value, rows) for value in column["values"][:MOST_VALUES]],
    )


def _shown(value: Any, kind: str) -> Any:
    """Times as times, so that they are told in the reader's zone; of texts no more than a line."""
    if value is None or kind in ("boolean", "nested"):
        return None
    if kind == "time":
        return _time(value)
    return (cells.cell(value).text or EMPTY) if kind == "text" else value


def _time(value: str) -> Any:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return value


def _strokes(histogram: Sequence[Json], kind: str) -> list[Stroke]:
    highest = max((step["count"] for step in histogram), default=0)
    width = WIDTH / len(histogram) if histogram else 0
    return [_stroke(step, number * width, width, highest, kind) for number, step in enumerate(histogram)]


def _stroke(step: Json, x: float, width: float, highest: int, kind: str) -> Stroke:
    height = max(LEAST, HEIGHT * step["count"] / highest) if step["count"] else 0.0
    low, high = (_edge(step[name], kind) for name in ("low", "high"))
    words = f"{low} – {high}: {step['count']:,}"
    return Stroke(round(x + 1, 2), round(HEIGHT - height, 2), round(width - 2, 2), round(height, 2), words)


def _edge(place: float, kind: str) -> str:
    if kind != "time":
        return f"{place:,.6g}"
    try:
        return f"{datetime.fromtimestamp(place, UTC):%Y-%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return f"{place:g}"


def _frequent(value: Json, rows: int) -> Frequent:
    cell = cells.cell(value["value"])
    return Frequent(cell.text or EMPTY, value["count"], round(value["count"] / rows, 4) if rows else 0.0)
