"""What the columns of a file hold: how much is null, how many values differ, the extremes, a small histogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from integrations.domain import Json
from integrations.services.landing import kinds
from integrations.services.landing.combining import iso
from integrations.services.landing.kinds import DATED, Column
from integrations.services.landing.reading import NO_COLUMNS

STEPS = 12
MOST_VALUES = 10
LONGEST_TEXT = 200
MOST_COUNTED = 1_000_000
"""With more rows than this, different values are estimated: counting them would hold every one in memory."""
AT_ONCE = 50
"""Columns that one statement asks about."""
KINDS = ("number", "time", "text", "boolean", "nested")
NUMBERS = ("INT", "FLOAT", "DOUBLE", "DECIMAL")


@dataclass(frozen=True, slots=True)
class Profiled:
    """A column and the expressions that describe it."""

    column: Column

    @property
    def kind(self) -> str:
        text = str(self.column.kind)
        if text in DATED:
            return "time"
        if self.column.kind.id not in ("list", "struct", "map", "array") and text != "INTERVAL":
            if any(word in text for word in NUMBERS):
                return "number"
            return {"BOOLEAN": "boolean", "VARCHAR": "text"}.get(text, "nested")
        return "nested"

    @property
    def is_measured(self) -> bool:
        return self.kind in ("number", "time")

    @property
    def value(self) -> str:
        """JSON has no infinity, and no histogram a step of that width."""
        name, can_be_odd = self.column.quoted, str(self.column.kind) in ("FLOAT", "DOUBLE", *DATED)
        return f"CASE WHEN isfinite({name}) THEN {name} END" if can_be_odd else name

    @property
    def place(self) -> str:
        """The value as a number: seconds since 1970 for a time."""
        return f"epoch({self.value})" if self.kind == "time" else f"({self.value})::DOUBLE"

    def figures(self, is_estimate: bool) -> Iterator[str]:
        """How many there are, how many differ, the extremes to show, and the extremes to draw with."""
        compared = f"{self.column.quoted}::VARCHAR" if self.kind == "nested" else self.column.quoted
        yield f"count({self.column.quoted})"
        yield f"approx_count_distinct({compared})" if is_estimate else f"count(DISTINCT {compared})"
        for extreme in ("min", "max"):
            yield "NULL" if self.kind == "nested" else self._shown(f"{extreme}({self.value})")
        for extreme in ("min", "max"):
            yield f"{extreme}({self.place})" if self.is_measured else "NULL"

    def _shown(self, value: str) -> str:
        if self.kind == "time":
            return iso(value, str(self.column.kind))
        if self.kind == "text":
            return f"left({value}, {LONGEST_TEXT})"
        return f"({value})::DOUBLE" if str(self.column.kind).startswith("DECIMAL") else value


def profile(cursor: DuckDBPyConnection, file: str, rows: int) -> list[Json]:
    """Return {name, type, kind, nulls, null_share, distinct, is_estimate, min, max, histogram, values} a column.

    `histogram` has equal steps {low, high, count} of numbers and times (in seconds since 1970), `values` the most
    frequent {value, count} of texts and truths. What is nested has neither, and no extremes.
    """
    found = [Profiled(column) for column in kinds.columns(cursor, file) if column.name != NO_COLUMNS]
    batches = (found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE))
    return [shape for batch in batches for shape in _described(cursor, file, batch, rows)]


def _described(cursor: DuckDBPyConnection, file: str, columns: Sequence[Profiled], rows: int) -> Iterator[Json]:
    is_estimate = rows > MOST_COUNTED
    asked = ", ".join(figure for column in columns for figure in column.figures(is_estimate))
    [answer] = cursor.execute(f"SELECT {asked} FROM {file}").fetchall()  # noqa: S608
    figures = [answer[start : start + 6] for start in range(0, len(answer), 6)]
    drawn = _histograms(cursor, file, columns, [extremes[4:] for extremes in figures])
    for column, steps, (present, distinct, least, greatest, *_) in zip(columns, drawn, figures, strict=True):
        repeats = distinct < present or distinct <= MOST_VALUES
        yield {
            "name": column.column.name,
            "type": str(column.column.kind),
            "kind": column.kind,
            "nulls": rows - present,
            "null_share": round((rows - present) / rows, 6) if rows else 0.0,
            "distinct": min(distinct, present),
            "is_estimate": is_estimate,
            "min": least,
            "max": greatest,
            "histogram": steps,
            "values": _values(cursor, file, column) if repeats else [],
        }


def _histograms(
    cursor: DuckDBPyConnection, file: str, columns: Sequence[Profiled], extremes: Sequence[tuple[float, float]]
) -> list[list[Json]]:
    edges = [_edges(*each) if column.is_measured else [] for column, each in zip(columns, extremes, strict=True)]
    asked = [f"histogram({each.place}, ?)" if own else "count(*)" for each, own in zip(columns, edges, strict=True)]
    query = f"SELECT {', '.join(asked)} FROM {file}"  # noqa: S608
    [answer] = cursor.execute(query, [own for own in edges if own]).fetchall()
    return [_steps(low, own, counts) for (low, _), own, counts in zip(extremes, edges, answer, strict=True)]


def _edges(low: float | None, high: float | None) -> list[float]:
    """Where each step ends, the last one at the greatest value; none when there is no value."""
    if low is None or high is None:
        return []
    # Each by itself: the way from the least to the greatest double is longer than a double.
    width = high / STEPS - low / STEPS
    return sorted({*(low + width * number for number in range(1, STEPS)), high} - ({low} if width else set()))


def _steps(low: float, edges: list[float], counts: dict[float, int]) -> list[Json]:
    return [
        {"low": start, "high": end, "count": counts.get(end, 0)}
        for start, end in zip([low, *edges], edges, strict=False)
    ]


def _values(cursor: DuckDBPyConnection, file: str, column: Profiled) -> list[Json]:
    if column.kind not in ("text", "boolean"):
        return []
    name = column.column.quoted
    shown = f"left({name}, {LONGEST_TEXT})" if column.kind == "text" else name
    query = f"""
        SELECT {shown}, count(*) FROM {file} WHERE {name} IS NOT NULL
        GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT {MOST_VALUES}
    """  # noqa: S608
    return [{"value": value, "count": count} for value, count in cursor.execute(query).fetchall()]
