"""New rows with the ones of the version before: appended, or merged on keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection

from integrations.domain import WriteMode
from integrations.services.errors import Refused
from integrations.services.landing import kinds
from integrations.services.landing.kinds import DATED, DOUBLE, JSON, TEXT, Column, literal, quoted
from integrations.services.landing.reading import NO_COLUMNS
from integrations.services.landing.tidying import EXACT_IN_DOUBLE


def combine(cursor: DuckDBPyConnection, previous: Path | None, mode: WriteMode, keys: Sequence[str]) -> None:
    """Make `landed` what the new version holds, given the new rows in it.

    Of the new rows the last one of each key counts, and it replaces the earlier row of that key.
    Raises `Refused` when a merge key is no column.
    """
    new = kinds.columns(cursor, "landed")
    is_merge = mode is WriteMode.MERGE and [column.name for column in new] != [NO_COLUMNS]
    if is_merge:
        _demand(keys, new)
        _keep_the_last(cursor, keys)
    if previous is None:
        return
    cursor.execute(f"CREATE TEMP TABLE earlier AS SELECT * FROM read_parquet({literal(previous)})")  # noqa: S608
    old = kinds.columns(cursor, "earlier")
    _agree(cursor, old, new)
    if is_merge:
        _drop_replaced(cursor, keys, old)
    _unite(cursor)


def iso(column: str, kind: str) -> str:
    """An expression for a date or time as ISO 8601 spells it."""
    if kind == "DATE":
        return f"{column}::VARCHAR"
    zone = "Z" if kind.endswith("ZONE") else ""
    return f"replace(strftime({column}, '%Y-%m-%dT%H:%M:%S.%f'), '.000000', '') || '{zone}'"


def _demand(keys: Sequence[str], new: list[Column]) -> None:
    names = {column.name.lower() for column in new}
    if missing := [key for key in keys if key.lower() not in names]:
        raise Refused(
            "merge_key_missing",
            f"The new rows have no column {', '.join(map(repr, missing))} to merge on.",
            fix="Name other merge keys, or choose another write mode.",
        )


def _keep_the_last(cursor: DuckDBPyConnection, keys: Sequence[str]) -> None:
    names = ", ".join(map(quoted, keys))
    cursor.execute(f"DELETE FROM landed WHERE rowid NOT IN (SELECT max(rowid) FROM landed GROUP BY {names})")  # noqa: S608


def _drop_replaced(cursor: DuckDBPyConnection, keys: Sequence[str], old: list[Column]) -> None:
    names = {column.name.lower() for column in old}
    if all(key.lower() in names for key in keys):
        same = " AND ".join(f"l.{quoted(key)} IS NOT DISTINCT FROM earlier.{quoted(key)}" for key in keys)
        cursor.execute(f"DELETE FROM earlier WHERE EXISTS (SELECT 1 FROM landed l WHERE {same})")  # noqa: S608


def _unite(cursor: DuckDBPyConnection) -> None:
    cursor.execute("CREATE TEMP TABLE united AS SELECT * FROM earlier UNION ALL BY NAME SELECT * FROM landed")
    cursor.execute("DROP TABLE landed; DROP TABLE earlier; ALTER TABLE united RENAME TO landed")
    names = [column.name for column in kinds.columns(cursor, "landed")]
    if NO_COLUMNS in names and len(names) > 1:
        cursor.execute(f"ALTER TABLE landed DROP COLUMN {NO_COLUMNS}")


def _agree(cursor: DuckDBPyConnection, old: list[Column], new: list[Column]) -> None:
    """Give both sides the same types, ones that hold the values of both unchanged."""
    mine = {column.name.lower(): column for column in old}
    for theirs in new:
        ours = mine.get(theirs.name.lower())
        if ours is None or str(ours.kind) == str(theirs.kind):
            continue
        kind = kinds.agreed(ours.kind, theirs.kind) or _agreed_by_values(cursor, ours, theirs)
        _retype(cursor, "earlier", ours, kind)
        _retype(cursor, "landed", theirs, kind)


def _agreed_by_values(cursor: DuckDBPyConnection, ours: Column, theirs: Column) -> str:
    one, two = str(ours.kind), str(theirs.kind)
    if _all(cursor, "earlier", f"{ours.quoted} IS NULL"):
        return two
    if _all(cursor, "landed", f"{theirs.quoted} IS NULL"):
        return one
    if {one, two} == {kinds.WHOLE, DOUBLE}:
        table, column = ("earlier", ours) if one == kinds.WHOLE else ("landed", theirs)
        limits = f"{column.quoted} BETWEEN -{EXACT_IN_DOUBLE} AND {EXACT_IN_DOUBLE}"
        return DOUBLE if _all(cursor, table, limits) else JSON
    return TEXT if {one, two} <= {TEXT, *DATED} else JSON


def _all(cursor: DuckDBPyConnection, table: str, test: str) -> bool:
    """Null counts as passed."""
    [[answer]] = cursor.execute(f"SELECT coalesce(bool_and({test}), true) FROM {table}").fetchall()  # noqa: S608
    return bool(answer)


def _retype(cursor: DuckDBPyConnection, table: str, column: Column, kind: str) -> None:
    have = str(column.kind)
    if have == kind:
        return
    using = f"{column.quoted}::{kind}"
    if kind == JSON:
        using = f"to_json({iso(column.quoted, have) if have in DATED else column.quoted})"
    elif kind == TEXT and have in DATED:
        using = iso(column.quoted, have)
    cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {column.quoted} TYPE {kind} USING {using}")
