"""The demo's question, and its answer straight from the package's files: delay by airline in January 2013."""

from __future__ import annotations

import math
from typing import Any

from demo.nycflights import load

Row = dict[str, Any]

# Spark SQL and DuckDB both understand it, so that the two answers come from one question.
QUERY = """
SELECT a.name AS airline,
       count(*) AS flights,
       count(f.arr_delay) AS arrived,
       sum(f.arr_delay) AS minutes_late,
       round(avg(f.dep_delay), 2) AS departure_delay,
       round(avg(f.arr_delay), 2) AS arrival_delay
FROM flights f JOIN airlines a ON f.carrier = a.carrier
GROUP BY a.name
ORDER BY arrival_delay DESC, airline
""".strip()


def expected() -> list[Row]:
    database = load()
    database.execute("create view january as select * from flights where month = 1")
    found = database.execute(QUERY.replace("FROM flights f", "FROM january f"))
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def differences(actual: list[Row], wanted: list[Row]) -> list[str]:
    """Say in words where two answers differ; row order counts, and numbers are equal to the last shown digit."""
    if len(actual) != len(wanted):
        return [f"{len(actual)} rows instead of {len(wanted)}"]
    return [
        f"{want['airline']}: {name} is {row.get(name)!r} instead of {value!r}"
        for row, want in zip(actual, wanted, strict=True)
        for name, value in want.items()
        if not _is_equal(row.get(name), value)
    ]


def _is_equal(one: object, other: object) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, abs_tol=1e-9)
    return one == other


def table(rows: list[Row]) -> str:
    """Lay rows out as a table for a terminal: text left, numbers right."""
    names = list(rows[0]) if rows else []
    cells = [[_text(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    is_number = [isinstance(rows[0][name], int | float) for name in names]

    def line(values: list[str]) -> str:
        pairs = zip(values, widths, is_number, strict=True)
        return "  ".join(value.rjust(width) if right else value.ljust(width) for value, width, right in pairs).rstrip()

    return "\n".join([line(names), line(["-" * width for width in widths]), *map(line, cells)])


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
