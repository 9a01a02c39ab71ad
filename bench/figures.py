"""What was measured, what it should be, and the table that says both."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Json = dict[str, object]
HEAD = ("", "measured", "aim", "", "how")


class BenchError(RuntimeError):
    """A part cannot be measured; the message says why."""


@dataclass(frozen=True, slots=True)
class Aim:
    bound: Literal["at most", "at least"]
    limit: float

    def is_held_by(self, value: float) -> bool:
        return value <= self.limit if self.bound == "at most" else value >= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    """Such as ms, s, MB or runs/s; "x" for a ratio, empty for a count."""
    aim: Aim | None = None
    how: str = ""
    """What the value was made of: samples, spread, the two sides of a ratio."""

    @property
    def verdict(self) -> str:
        if self.aim is None:
            return ""
        return "held" if self.aim.is_held_by(self.value) else "MISSED"

    def as_json(self) -> Json:
        aim = {"bound": self.aim.bound, "limit": self.aim.limit} if self.aim else None
        values = {"name": self.name, "value": round(self.value, 4), "unit": self.unit, "aim": aim}
        return {**values, "is_held": self.aim.is_held_by(self.value) if self.aim else None, "how": self.how}

    def cells(self) -> tuple[str, ...]:
        aim = f"{self.aim.bound} {amount(self.aim.limit, self.unit)}" if self.aim else ""
        return self.name, amount(self.value, self.unit), aim, self.verdict, self.how


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of one part, and why there are not more of them, if it broke off."""

    title: str
    figures: tuple[Figure, ...]
    error: str = ""

    @property
    def is_held(self) -> bool:
        return not self.error and all(figure.verdict != "MISSED" for figure in self.figures)

    def as_json(self) -> Json:
        return {"title": self.title, "figures": [figure.as_json() for figure in self.figures], "error": self.error}


def at_most(limit: float) -> Aim:
    return Aim("at most", limit)


def at_least(limit: float) -> Aim:
    return Aim("at least", limit)


def amount(value: float, unit: str) -> str:
    """Write a value with its unit, in as many digits as it is worth."""
    is_small = unit == "x" or abs(value) < 10
    digits = 0 if unit in ("", "MB") else 2 if is_small else 1
    shown = f"{value:,.{digits}f}".removesuffix(".00").removesuffix(".0")
    return f"{shown} {unit}".strip()


def spread(values: Sequence[float], unit: str) -> str:
    """Tell how many samples a median stands for, and how far apart they are."""
    if len(values) == 1:
        return "one sample"
    return f"median of {len(values)}, {amount(min(values), unit)} to {amount(max(values), unit)}"


def median(name: str, values: Sequence[float], unit: str, aim: Aim | None = None) -> Figure:
    return Figure(name, statistics.median(values), unit, aim, spread(values, unit))


def added(name: str, ours: Sequence[float], bare: Sequence[float], aim: Aim | None = None) -> Figure:
    """The milliseconds that the hub's median has more than the bare engine's."""
    mine, theirs = statistics.median(ours), statistics.median(bare)
    how = f"{amount(mine, 'ms')} through the hub, {amount(theirs, 'ms')} bare, medians of {len(ours)} and {len(bare)}"
    return Figure(name, mine - theirs, "ms", aim, how)


def late(values: Sequence[float]) -> float:
    """The value that one of twenty exceeds (p95)."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def growth(name: str, large: Sequence[float], small: Sequence[float], unit: str, aim: Aim | None = None) -> Figure:
    """How much later the late ones are among many rows than among few, whose samples were taken in turns."""
    most, least = late(large), late(small)
    medians = f"medians {amount(statistics.median(large), unit)} and {amount(statistics.median(small), unit)}"
    how = f"p95 {amount(most, unit)} and {amount(least, unit)}, {medians}, {len(large)} calls each"
    return Figure(name, most / least, "x", aim, how)


def ratio(name: str, ours: Sequence[float], bare: Sequence[float], unit: str, aim: Aim | None = None) -> Figure:
    """The hub's share of what the bare engine does. Each sample has its neighbour, so the median is of their ratios."""
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    mine, theirs = statistics.median(ours), statistics.median(bare)
    how = f"{amount(mine, unit)} through the hub, {amount(theirs, unit)} bare, {_pairs(len(ratios))}"
    return Figure(name, statistics.median(ratios), "x", aim, how)


def _pairs(count: int) -> str:
    return "one pair" if count == 1 else f"median of {count} pairs"


def table(parts: Sequence[Part]) -> str:
    """Align all parts' figures in the same columns, each part under its title."""
    rows = [HEAD, *(figure.cells() for part in parts for figure in part.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_line(HEAD, widths)]
    for part in parts:
        lines += ["", part.title, *(_line(figure.cells(), widths) for figure in part.figures)]
        lines += [f"  could not be measured: {part.error}"] if part.error else []
    return "\n".join(lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, value, *rest = cells
    first = [name.ljust(widths[0]), value.rjust(widths[1])]
    padded = (cell.ljust(width) for cell, width in zip(rest, widths[2:], strict=True))
    return "  " + "  ".join([*first, *padded]).rstrip()
