"""Figures beside their aims, and the page they make."""

from __future__ import annotations

import math
import operator
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

COMPARE: dict[str, Callable[[float, float], bool]] = {"<=": operator.le, ">=": operator.ge, "=": operator.eq}


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing measured. `aim` reads like "<= 60"; empty means that it is shown for comparison only."""

    part: str
    name: str
    value: float
    unit: str = ""
    aim: str = ""

    @property
    def is_held(self) -> bool:
        if not self.aim:
            return True
        sign, _, limit = self.aim.partition(" ")
        return COMPARE[sign](self.value, float(limit))

    @property
    def verdict(self) -> str:
        return "" if not self.aim else "held" if self.is_held else "missed"

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "is_held": self.is_held}


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def table(figures: Iterable[Figure]) -> str:
    rows = [("part", "what", "measured", "aim", "")]
    rows += [(f.part, f.name, f"{_short(f.value)} {f.unit}".strip(), f.aim, f.verdict) for f in figures]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = ["  ".join(map(_pad, row, widths, range(5))) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def _pad(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column in (2, 3) else cell.ljust(width)


def _short(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
