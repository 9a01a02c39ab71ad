"""Where rows land: one Parquet file per dataset version, written by DuckDB and published by a rename."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlparse
from uuid import UUID

import duckdb
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integrations.domain import Json, Output, WriteMode
from integrations.services.errors import Refused

Column = dict[str, str]
NO_COLUMNS = "_no_columns"
"""Parquet knows no file without a column: rows that never were have this one, which nobody is shown."""
_connecting = threading.Lock()


@dataclass(frozen=True, slots=True)
class Landed:
    """`schema` is a list of {name, type} in column order; `bytes` is the file's size."""

    uri: str
    format: str
    schema: list[Column]
    rows: int
    bytes: int


def land(
    output: Output,
    *,
    tenant_id: UUID,
    dataset_id: UUID,
    run_id: UUID,
    mode: WriteMode,
    keys: Sequence[str],
    previous: str | None,
) -> Landed:
    """Turn what an engine left into the file of a new version. Landing the same run again replaces its file.

    The schema is inferred over all rows; a column of mixed types becomes JSON, and nothing is dropped.
    `previous` is the version that append and merge build on. Raises `Refused` when a merge key is no column.
    """
    path = _root() / str(tenant_id) / str(dataset_id) / f"{run_id}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _cursor() as cursor:
        _read(cursor, output)
        if previous:
            _combine(cursor, _local(previous), mode, keys)
        rows = _write(cursor, path)
        schema = _schema(cursor, "SELECT * FROM landed")
    return Landed(path.as_uri(), "parquet", schema, rows, path.stat().st_size)


def preview(uri: str, *, limit: int, offset: int = 0) -> Json:
    """Return {columns: [{name, type}], rows: [object]} with values as JSON has them."""
    with _cursor() as cursor:
        file = _text(_local(uri))
        columns = _schema(cursor, f"SELECT * FROM read_parquet({file})")  # noqa: S608 - quoted by _text
        query = f"SELECT to_json(t) FROM (SELECT * FROM read_parquet({file}) LIMIT {limit:d} OFFSET {offset:d}) t"  # noqa: S608
        found = cursor.execute(query).fetchall() if columns else []
    return {"columns": columns, "rows": [json.loads(row, parse_constant=lambda _: None) for (row,) in found]}


def discard(uri: str) -> None:
    _local(uri).unlink(missing_ok=True)


def is_writable() -> str:
    """Return what keeps rows from landing, in words; empty when nothing does."""
    try:
        root = _root()
        root.mkdir(parents=True, exist_ok=True)
    except (OSError, ImproperlyConfigured) as error:
        return str(error)
    return "" if os.access(root, os.W_OK) else f"{root} is not writable for this user."


@cache
def _database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB"})
    spill = Path(settings.VAR_DIR) / "duckdb"
    connection.execute(f"SET temp_directory = {_text(spill)}")
    return connection


@contextmanager
def _cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to the process's one database: opening a database costs more than landing ten rows."""
    with _connecting:
        cursor = _database().cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def _read(cursor: duckdb.DuckDBPyConnection, output: Output) -> None:
    source = _source(output)
    if source is None:
        cursor.execute(f"CREATE TEMP TABLE landed AS SELECT NULL::INTEGER AS {NO_COLUMNS} WHERE false")
        return
    cursor.execute(f"CREATE TEMP TABLE inferred AS SELECT * FROM {source}")  # noqa: S608 - quoted by _text
    columns = _schema(cursor, "SELECT * FROM inferred")
    chosen = ", ".join(f"{_portable(column)} AS {_name(column['name'])}" for column in columns)
    cursor.execute(f"CREATE TEMP TABLE landed AS SELECT {chosen} FROM inferred")  # noqa: S608
    cursor.execute("DROP TABLE inferred")


def _source(output: Output) -> str | None:
    if output.format == "ndjson":
        if not output.path.exists() or not output.path.stat().st_size:
            return None
        options = "format = 'newline_delimited', records = true, sample_size = -1, map_inference_threshold = -1"
        return f"read_json({_text(output.path)}, {options})"
    if not any(output.path.glob("*.parquet")):
        return None
    return f"read_parquet({_text(output.path / '*.parquet')}, union_by_name = true)"


def _portable(column: Column) -> str:
    """Write only what every reader of Parquet knows: Spark has no time of day, no UUID, no 128-bit integer."""
    name, kind = _name(column["name"]), column["type"]
    if kind in ("UUID", "TIME", "HUGEINT", "UHUGEINT", "TIME WITH TIME ZONE"):
        return f"{name}::VARCHAR"
    parts = kind.replace("TIMESTAMP", "")
    return f"to_json({name})" if any(word in parts for word in ("UUID", "TIME", "HUGEINT", "STRUCT()")) else name


def _combine(cursor: duckdb.DuckDBPyConnection, previous: Path, mode: WriteMode, keys: Sequence[str]) -> None:
    cursor.execute(f"CREATE TEMP TABLE earlier AS SELECT * FROM read_parquet({_text(previous)})")  # noqa: S608
    old, new = (_types(cursor, table) for table in ("earlier", "landed"))
    if not old or not new:
        _keep_the_filled(cursor, has_old=bool(old))
        return
    if mode is WriteMode.MERGE:
        _drop_replaced(cursor, keys, old, new)
    one, two = (_agreeing(mine, other) for mine, other in ((old, new), (new, old)))
    cursor.execute(
        f"CREATE TEMP TABLE combined AS SELECT {one} FROM earlier UNION ALL BY NAME SELECT {two} FROM landed"  # noqa: S608
    )
    cursor.execute("DROP TABLE landed; DROP TABLE earlier; ALTER TABLE combined RENAME TO landed")


def _keep_the_filled(cursor: duckdb.DuckDBPyConnection, *, has_old: bool) -> None:
    if has_old:
        cursor.execute("DROP TABLE landed; ALTER TABLE earlier RENAME TO landed")


def _drop_replaced(
    cursor: duckdb.DuckDBPyConnection, keys: Sequence[str], old: dict[str, str], new: dict[str, str]
) -> None:
    """Of the new rows the last one of each key counts, and it replaces the earlier row of that key."""
    if missing := [key for key in keys if key not in new]:
        raise Refused(
            "merge_key_missing",
            f"The new rows have no column {', '.join(map(repr, missing))} to merge on.",
            fix="Name other merge keys, or choose another write mode.",
        )
    names = ", ".join(map(_name, keys))
    same = " AND ".join(f"l.{_name(key)}::VARCHAR IS NOT DISTINCT FROM landed.{_name(key)}::VARCHAR" for key in keys)
    cursor.execute(f"DELETE FROM landed WHERE rowid NOT IN (SELECT max(rowid) FROM landed GROUP BY {names})")  # noqa: S608
    if all(key in old for key in keys):
        cursor.execute(f"DELETE FROM earlier AS landed WHERE EXISTS (SELECT 1 FROM main.landed l WHERE {same})")  # noqa: S608


def _agreeing(mine: dict[str, str], other: dict[str, str]) -> str:
    """Columns that changed their type between versions become JSON on both sides."""
    return ", ".join(
        _name(name) if other.get(name, kind) == kind else f"to_json({_name(name)}) AS {_name(name)}"
        for name, kind in mine.items()
    )


def _write(cursor: duckdb.DuckDBPyConnection, path: Path) -> int:
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    [copied] = cursor.execute(f"COPY landed TO {_text(part)} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    return int(copied[0])


def _schema(cursor: duckdb.DuckDBPyConnection, query: str) -> list[Column]:
    described = cursor.execute(f"DESCRIBE {query}").fetchall()
    return [{"name": row[0], "type": row[1]} for row in described if row[0] != NO_COLUMNS]


def _types(cursor: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {column["name"]: column["type"] for column in _schema(cursor, f"SELECT * FROM {table}")}  # noqa: S608


def _root() -> Path:
    return _local(settings.STORAGE_URL)


def _local(uri: str) -> Path:
    parsed = urlparse(uri)
    if parsed.scheme != "file":
        raise ImproperlyConfigured(f"HUB_STORAGE_URL must begin with file://, not {parsed.scheme}://.")
    return Path(unquote(parsed.path))


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


