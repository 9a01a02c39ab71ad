"""Charts as plain drawings: places and sizes for the templates, which need no script and no style of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from integrations.models import Run
from integrations.services.activity import Day

BAR, GAP, HEIGHT = 16, 6, 96
STRIP_STEP, STRIP_LEAST, STRIP_HEIGHT = 8, 6, 24


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a bar, by its tone."""

    tone: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    day: Day
    x: int
    pieces: tuple[Piece, ...]
    rows_y: float
    rows_height: float


@dataclass(frozen=True, slots=True)
class Chart:
    columns: tuple[Column, ...]
    most_runs: int
    most_rows: int
    width: int
    height: int = HEIGHT
    bar: int = BAR

    @property
    def runs(self) -> int:
        return sum(column.day.runs for column in self.columns)


def chart(days: Sequence[Day]) -> Chart:
    most_runs, most_rows = max(day.runs for day in days), max(day.rows for day in days)
    columns = (
        Column(day, number * (BAR + GAP), _stacked(day, most_runs), *_rows(day, most_rows))
        for number, day in enumerate(days)
    )
    return Chart(tuple(columns), most_runs, most_rows, len(days) * (BAR + GAP) - GAP)


@dataclass(frozen=True, slots=True)
class Bar:
    """One run in a strip; its height is its share of the longest one's time."""

    run: Run
    x: int
    y: int
    height: int


def strip(runs: Sequence[Run]) -> list[Bar]:
    seconds = [run.seconds or 0.0 for run in runs]
    longest = max(seconds, default=0.0) or 1.0
    heights = [STRIP_LEAST + round((STRIP_HEIGHT - STRIP_LEAST) * each / longest) for each in seconds]
    return [
        Bar(run, number * STRIP_STEP, STRIP_HEIGHT - height, height)
        for number, (run, height) in enumerate(zip(runs, heights, strict=True))
    ]


def _stacked(day: Day, most: int) -> tuple[Piece, ...]:
    pieces, top = [], float(HEIGHT)
    for tone, number in (("good", day.succeeded), ("idle", day.other), ("bad", day.failed)):
        height = round(HEIGHT * number / most, 1) if most else 0.0
        if height:
            top -= height
            pieces.append(Piece(tone, round(top, 1), height))
    return tuple(pieces)


def _rows(day: Day, most: int) -> tuple[float, float]:
    height = round(HEIGHT * day.rows / most, 1) if most else 0.0
    return round(HEIGHT - height, 1), height
