"""The types of columns: which ones a version may have, and which one two versions agree on."""

from __future__ import annotations

from dataclasses import dataclass

from duckdb import DuckDBPyConnection
from duckdb.sqltypes import DuckDBPyType

JSON, TEXT, WHOLE, DOUBLE = "JSON", "VARCHAR", "BIGINT", "DOUBLE"
DATED = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_WIDE = ("UBIGINT", "HUGEINT", "UHUGEINT")
"""What DuckDB infers for any column with a negative number; values that do not fit BIGINT fail to load as such."""
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_RESPELLED = (*DATED, "UUID", "TIME", "TIME WITH TIME ZONE", "INTERVAL", '"NULL"')


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: DuckDBPyType

    @property
    def quoted(self) -> str:
        return quoted(self.name)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def columns(cursor: DuckDBPyConnection, source: str) -> list[Column]:
    """The columns of a table or a table function."""
    cursor.execute(f"SELECT * FROM {source} LIMIT 0")  # noqa: S608 - sources are ours
    return [Column(name, kind) for name, kind, *_ in cursor.description or ()]


def faithful(kind: DuckDBPyType) -> str:
    """The type in which JSON is read as it stands: no text is respelled as a date or an id, no key becomes data.

    Only types that every reader of Parquet knows: Spark has no time of day, no UUID, no 128-bit integer.
    """
    match kind.id:
        case "list":
            return f"{faithful(_children(kind)[0][1])}[]"
        case "struct":
            fields = ", ".join(f"{quoted(name)} {faithful(child)}" for name, child in _children(kind))
            return f"STRUCT({fields})"
        case "map":
            return JSON
    text = str(kind)
    if text in _WIDE:
        return WHOLE
    return TEXT if text in _RESPELLED else text


def agreed(one: DuckDBPyType, two: DuckDBPyType) -> str | None:
    """The type that holds the values of both without a change; None when only JSON does."""
    if str(one) == str(two):
        return str(one)
    if one.id == two.id == "list":
        inner = agreed(_children(one)[0][1], _children(two)[0][1])
        return inner and f"{inner}[]"
    if one.id == two.id == "struct":
        return _agreed_struct(one, two)
    return WHOLE if {str(one), str(two)} <= {*_WHOLE} else None


def _agreed_struct(one: DuckDBPyType, two: DuckDBPyType) -> str | None:
    left, right = dict(_children(one)), dict(_children(two))
    fields = {name: agreed(kind, right.get(name, kind)) for name, kind in left.items()}
    fields |= {name: str(kind) for name, kind in right.items() if name not in left}
    if None in fields.values() or len({name.lower() for name in fields}) < len(fields):
        return None
    return f"STRUCT({', '.join(f'{quoted(name)} {kind}' for name, kind in fields.items())})"


def _children(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, child) for name, child in kind.children if isinstance(child, DuckDBPyType)]
