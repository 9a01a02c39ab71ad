"""Rows that an engine left, as the table `landed`: types inferred over all of them, nothing dropped."""

from __future__ import annotations

import json
import mmap
import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from integrations.domain import Output
from integrations.services.landing import kinds, tidying
from integrations.services.landing.kinds import DATED, Column, literal, quoted

NO_COLUMNS = "_hub_no_columns"
"""Parquet knows no file without a column: rows without one have this one, which nobody is shown."""
LINES = "format = 'newline_delimited', records = true"
FOREIGN = ("UUID", "INTERVAL", "HUGEINT", "UHUGEINT", '"NULL"')
SMALLEST_BUFFER = 16 * 1024 * 1024
LONG_INTEGER = r"[:,\[\s]-?[0-9]{16,}[^0-9.eE]"
"""Beyond 15 digits an integer may lose its last ones when its column is inferred as DOUBLE."""
DAY, CLOCK = r"\d{4}-\d{2}-\d{2}", r"\d{2}:\d{2}:\d{2}(\.\d{1,6})?"
SPELLING = {
    "DATE": DAY,
    "TIMESTAMP": f"{DAY}[T ]{CLOCK}",
    "TIMESTAMP WITH TIME ZONE": f"{DAY}[T ]{CLOCK}(Z|[+-]00(:?00)?)",
}
"""Only texts spelled like this become dates: others would lose their offset, their digits or their meaning."""


def read(cursor: DuckDBPyConnection, output: Output) -> None:
    """Make the table `landed`. An output that is not there is no rows."""
    if output.format == "ndjson":
        _read_lines(cursor, output.path)
    elif any(output.path.glob("*.parquet")):
        _read_parquet(cursor, output.path)
    else:
        make_empty(cursor, 0)


def make_empty(cursor: DuckDBPyConnection, rows: int) -> None:
    query = f"SELECT NULL::INTEGER AS {NO_COLUMNS} FROM range({rows:d})"  # noqa: S608
    cursor.execute(f"CREATE TEMP TABLE landed AS {query}")


def _read_lines(cursor: DuckDBPyConnection, path: Path) -> None:
    if not path.exists() or not path.stat().st_size:
        make_empty(cursor, 0)
    elif not _read_plain(cursor, path):
        with tempfile.TemporaryDirectory(prefix="hub-tidy-") as folder:
            _read_tidied(cursor, tidying.tidy(path, Path(folder) / "rows.ndjson"))


def _read_plain(cursor: DuckDBPyConnection, path: Path) -> bool:
    """Read the file as it is; False when DuckDB cannot, or not without a loss."""
    try:
        found = kinds.columns(cursor, f"read_json({literal(path)}, {LINES}, sample_size = -1)")
        if _was_renamed(found, path) or _may_be_rounded(cursor, found, path):
            return False
        _load(cursor, path, found)
    except duckdb.Error:
        cursor.execute("DROP TABLE IF EXISTS landed")
        return False
    return True


def _was_renamed(columns: Iterable[Column], path: Path) -> bool:
    """DuckDB numbers names that differ by case only."""
    names = {column.name.lower() for column in columns}
    numbered = [c.name for c in columns if c.name[-1:].isdigit() and c.name.lower().rpartition("_")[0] in names]
    if not numbered:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return any(text.find(json.dumps(name, ensure_ascii=False).encode()) < 0 for name in numbered)


def _may_be_rounded(cursor: DuckDBPyConnection, columns: Iterable[Column], path: Path) -> bool:
    return any("DOUBLE" in str(column.kind) for column in columns) and _has_long_integers(cursor, path)


def _has_long_integers(cursor: DuckDBPyConnection, path: Path) -> bool:
    objects = f"read_ndjson_objects({literal(path)})"
    query = f"SELECT bool_or(regexp_matches(json::VARCHAR, {literal(LONG_INTEGER)})) FROM {objects}"  # noqa: S608
    [[found]] = cursor.execute(query).fetchall()
    return bool(found)


def _read_tidied(cursor: DuckDBPyConnection, tidy: tidying.Tidy) -> None:
    if not tidy.names:
        make_empty(cursor, tidy.rows)
        return
    options = f", maximum_object_size = {max(SMALLEST_BUFFER, 2 * tidy.longest_line)}"
    source = f"read_json({literal(tidy.path)}, {LINES}, sample_size = -1, map_inference_threshold = -1{options})"
    _load(cursor, tidy.path, kinds.columns(cursor, source), as_json=tidy.as_text, options=options)


def _load(
    cursor: DuckDBPyConnection,
    path: Path,
    columns: list[Column],
    *,
    as_json: Collection[str] = (),
    options: str = "",
) -> None:
    """Read with types that change nothing, then make dates of what is spelled as one."""
    types = {c.name: kinds.TEXT if c.name in as_json else kinds.faithful(c.kind) for c in columns}
    fields = ", ".join(f"{quoted(name)}: {literal(kind)}" for name, kind in types.items())
    source = f"read_json({literal(path)}, {LINES}, columns = {{{fields}}}{options})"
    cursor.execute(f"CREATE TEMP TABLE landed AS SELECT * FROM {source}")  # noqa: S608
    for name in as_json:
        _retype(cursor, name, kinds.JSON)
    for name, kind in _spelled(cursor, [c for c in columns if c.name not in as_json]).items():
        _retype(cursor, name, kind)


def _spelled(cursor: DuckDBPyConnection, columns: list[Column]) -> dict[str, str]:
    """The columns whose every text is spelled like the date or time that DuckDB took it for."""
    dated = [column for column in columns if str(column.kind) in DATED]
    if not dated:
        return {}
    tests = ", ".join(f"bool_and(regexp_full_match({c.quoted}, {literal(SPELLING[str(c.kind)])}))" for c in dated)
    [answers] = cursor.execute(f"SELECT {tests} FROM landed").fetchall()  # noqa: S608
    return {column.name: str(column.kind) for column, is_spelled in zip(dated, answers, strict=True) if is_spelled}


def _retype(cursor: DuckDBPyConnection, name: str, kind: str) -> None:
    cursor.execute(f"ALTER TABLE landed ALTER COLUMN {quoted(name)} TYPE {kind}")


def _read_parquet(cursor: DuckDBPyConnection, folder: Path) -> None:
    source = f"read_parquet({literal(folder / '*.parquet')}, union_by_name = true)"
    chosen = ", ".join(f"{column.quoted}{_cast(column)}" for column in kinds.columns(cursor, source))
    cursor.execute(f"CREATE TEMP TABLE landed AS SELECT {chosen} FROM {source}")  # noqa: S608


def _cast(column: Column) -> str:
    """Parquet from Spark is typed already; only what Spark itself could not read back is changed."""
    kind = str(column.kind)
    is_foreign = kind in FOREIGN or (kind.startswith("TIME") and kind not in DATED)
    return f"::VARCHAR AS {column.quoted}" if is_foreign else ""
