"""Where rows land: one Parquet file per dataset version, written by DuckDB and published by a rename."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlparse
from uuid import UUID

import duckdb
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from integrations.domain import Json, Output, WriteMode
from integrations.services.errors import Refused
from integrations.services.landing import combining, exporting, kinds, profiling, reading
from integrations.services.landing.exporting import Form
from integrations.services.landing.kinds import literal
from integrations.services.landing.reading import NO_COLUMNS

Column = dict[str, str]
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
    """Turn what an engine left into the file of a new version; no landing ever touches another one's file.

    The schema is inferred over all rows; a column of mixed types becomes JSON, and nothing is dropped.
    `previous` is the version that append and merge build on. Raises `Refused` when a merge key is no column.
    """
    # A worker that lost its lease may land the same run a second time, with the engine's copy already cleared.
    path = root() / str(tenant_id) / str(dataset_id) / f"{run_id}-{secrets.token_hex(4)}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _cursor() as cursor:
        reading.read(cursor, output)
        combining.combine(cursor, _local(previous) if previous else None, mode, keys)
        rows = _write(cursor, path)
        schema = _schema(kinds.columns(cursor, "landed"))
    return Landed(path.as_uri(), "parquet", schema, rows, path.stat().st_size)


def preview(uri: str, limit: int, offset: int = 0) -> Json:
    """Return {columns: [{name, type}], rows: [object]} with values as JSON has them, dates and times as ISO 8601."""
    file = _file(uri)
    with _cursor() as cursor:
        columns = kinds.columns(cursor, file)
        dated = [(column.quoted, str(column.kind)) for column in columns if str(column.kind) in kinds.DATED]
        spelled = ", ".join(f"{combining.iso(name, kind)} AS {name}" for name, kind in dated)
        chosen = f"* REPLACE ({spelled})" if spelled else "*"
        page = f"SELECT {chosen} FROM {file} LIMIT {limit:d} OFFSET {offset:d}"  # noqa: S608
        found = cursor.execute(f"SELECT to_json(page) FROM ({page}) page").fetchall()  # noqa: S608
    shown = [{} if columns[0].name == NO_COLUMNS else json.loads(row, parse_constant=_null) for (row,) in found]
    return {"columns": _schema(columns), "rows": shown}


@lru_cache(maxsize=64)
def profile(uri: str, rows: int) -> Sequence[Json]:
    """Describe each column of a version, see `profiling.profile`. Versions never change, so it is asked once."""
    file = _file(uri)
    with _cursor() as cursor:
        return profiling.profile(cursor, file, rows)


@contextmanager
def exported(uri: str, form: Form) -> Iterator[BinaryIO]:
    """Open the version's rows as a file of that form; what was made for it is gone once it is closed."""
    path = _local(uri)
    if form is Form.PARQUET:
        with path.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryDirectory(dir=_made(Path(settings.VAR_DIR) / "downloads")) as folder:
        target = Path(folder) / "rows"
        with _cursor() as cursor:
            exporting.export(cursor, f"read_parquet({literal(path)})", form, target)
        with target.open("rb") as file:
            target.unlink()  # Nothing stays behind even if this process is killed while it sends.
            yield file


def is_there(uri: str) -> bool:
    return _local(uri).exists()


def discard(uri: str) -> None:
    _local(uri).unlink(missing_ok=True)


def is_writable() -> str:
    """Return what keeps rows from landing, in words; empty when nothing does."""
    try:
        folder = root()
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ImproperlyConfigured) as error:
        return str(error)
    return "" if os.access(folder, os.W_OK) else f"{folder} is not writable for this user."


@cache
def _database(process: int) -> duckdb.DuckDBPyConnection:
    """One database a process: a forked child must not use its parent's."""
    connection = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "1GB"})
    spill = Path(settings.VAR_DIR) / "duckdb" / str(process)
    connection.execute(f"SET temp_directory = {literal(spill)}")
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


@contextmanager
def _cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to the process's one database: opening a database costs more than landing ten rows."""
    with _connecting:
        cursor = _database(os.getpid()).cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def _file(uri: str) -> str:
    """A version's file as DuckDB reads it. Raises `Refused` when it is gone."""
    if not _local(uri).exists():
        detail = "The file that holds these rows is gone from the hub's storage."
        raise Refused("rows_missing", detail, fix="Run the integration again, or restore the file.")
    return f"read_parquet({literal(_local(uri))})"


def _write(cursor: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Publish the table by a rename; return its rows."""
    part = path.with_name(f".{path.name}.part")
    try:
        [[rows]] = cursor.execute(f"COPY landed TO {literal(part)} (FORMAT parquet, COMPRESSION zstd)").fetchall()
        _sync(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)
    return int(rows)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _schema(columns: Sequence[kinds.Column]) -> list[Column]:
    return [{"name": column.name, "type": str(column.kind)} for column in columns if column.name != NO_COLUMNS]


def _null(_: str) -> None:
    """JSON has no NaN."""


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def root() -> Path:
    return _local(settings.STORAGE_URL)


def _local(uri: str) -> Path:
    parsed = urlparse(uri)
    if parsed.scheme != "file":
        raise ImproperlyConfigured(f"HUB_STORAGE_URL must begin with file://, not {parsed.scheme}://.")
    return Path(unquote(parsed.path))
