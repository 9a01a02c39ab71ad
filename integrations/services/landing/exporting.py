"""A version's rows as a file for other programs: DuckDB writes it, row by row, whatever its size."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from duckdb import DuckDBPyConnection

from integrations.services.landing import kinds
from integrations.services.landing.combining import iso
from integrations.services.landing.kinds import DATED, Column, literal, quoted
from integrations.services.landing.reading import NO_COLUMNS

FORMULA = "=+-@\t\r"
"""How a text begins that spreadsheets take for a formula, and would execute."""


class Form(StrEnum):
    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def label(self) -> str:
        return "Parquet" if self is Form.PARQUET else self.value.upper()


def export(cursor: DuckDBPyConnection, file: str, form: Form, target: Path) -> None:
    """Write the rows to `target` as CSV or NDJSON."""
    columns = [column for column in kinds.columns(cursor, file) if column.name != NO_COLUMNS]
    if not columns:
        return _without_columns(cursor, file, form, target)
    if form is Form.CSV:
        chosen, options = [_csv(column) for column in columns], "FORMAT csv, HEADER"
    else:
        chosen, options = [_json(column) for column in columns], "FORMAT json"
    query = f"SELECT {', '.join(chosen)} FROM {file}"  # noqa: S608
    cursor.execute(f"COPY ({query}) TO {literal(target)} ({options})")
    return None


def _csv(column: Column) -> str:
    kind, name = str(column.kind), column.quoted
    heading = f"'{column.name}" if column.name.startswith(tuple(FORMULA)) else column.name
    return f"{_as_text(name, kind)} AS {quoted(heading)}"


def _as_text(name: str, kind: str) -> str:
    if kind == "VARCHAR":
        begins = f"starts_with({name}, {{}})"
        tests = " OR ".join(begins.format(_character(each)) for each in FORMULA)
        return f"CASE WHEN {tests} THEN '''' || {name} ELSE {name} END"
    if kind in DATED:
        return iso(name, kind)
    is_nested = kind == "JSON" or kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))
    return f"to_json({name})::VARCHAR" if is_nested else name


def _json(column: Column) -> str:
    kind, name = str(column.kind), column.quoted
    if kind in DATED:
        return f"{iso(name, kind)} AS {name}"
    if kind in ("FLOAT", "DOUBLE"):  # JSON has neither infinity nor NaN
        return f"CASE WHEN isfinite({name}) THEN {name} END AS {name}"
    return name


def _character(each: str) -> str:
    return f"chr({ord(each)})"


def _without_columns(cursor: DuckDBPyConnection, file: str, form: Form, target: Path) -> None:
    [[rows]] = cursor.execute(f"SELECT count(*) FROM {file}").fetchall()  # noqa: S608
    with target.open("w", encoding="utf-8") as written:
        written.writelines(_empty_lines(form, rows))


def _empty_lines(form: Form, rows: int) -> Iterator[str]:
    return ("{}\n" if form is Form.NDJSON else "\n" for _ in range(rows))
