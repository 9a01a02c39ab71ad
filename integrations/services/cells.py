"""Rows made ready to be looked at: each value as a short text, the long and the nested with more behind it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.schemas.masking import MARK
from integrations.domain import Json
from integrations.masking import MASK

SHORT = 80
LONGEST = 4000
FAMILIES = (
    ("number", ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")),
    ("number", ("FLOAT", "DOUBLE", "DECIMAL")),
    ("time", ("DATE", "TIMESTAMP", "TIME")),
    ("truth", ("BOOLEAN",)),
    ("text", ("VARCHAR", "UUID")),
)


@dataclass(frozen=True, slots=True)
class Heading:
    """`kind` is a word for many types: number, time, truth, text, list or nested."""

    name: str
    type: str
    kind: str


@dataclass(frozen=True, slots=True)
class Cell:
    """`more` is what unfolds, cut where nobody reads on; empty when `text` says it all."""

    text: str
    kind: str
    more: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    headings: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    total: int
    offset: int
    limit: int

    @property
    def first(self) -> int:
        return self.offset + 1

    @property
    def last(self) -> int:
        return self.offset + len(self.rows)

    @property
    def before(self) -> int | None:
        return max(0, self.offset - self.limit) if self.offset else None

    @property
    def after(self) -> int | None:
        return self.last if self.rows and self.last < self.total else None


def grid(found: Json, *, offset: int, limit: int) -> Grid:
    """Make {columns, rows, total}, as `datasets.preview` gives them, ready to be looked at."""
    headings = [Heading(column["name"], column["type"], kind_of(column["type"])) for column in found["columns"]]
    rows = [[cell(row.get(heading.name), heading.kind) for heading in headings] for row in found["rows"]]
    return Grid(headings, rows, found["total"], offset, limit)


def pretty(value: Json) -> str:
    """Spell out settings on lines of their own."""
    return json.dumps(masked(value), ensure_ascii=False, indent=2) if value else ""


def masked(value: Any) -> Any:
    """Settings as they are shown: what stands for a secret in them, {"set": true}, as dots."""
    if value == MARK:
        return MASK
    if isinstance(value, dict):
        return {name: masked(item) for name, item in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def kind_of(type_: str) -> str:
    if type_.endswith("]"):
        return "list"
    words = type_.partition("(")[0].split()
    return next((kind for kind, names in FAMILIES if words and words[0] in names), "nested")


def cell(value: Any, kind: str = "text") -> Cell:
    if value is None:
        return Cell("", "null")
    if isinstance(value, bool):
        return Cell("true" if value else "false", "truth")
    if isinstance(value, dict | list):
        return _nested(value)
    text = str(value)
    return Cell(text, kind) if len(text) <= SHORT and "\n" not in text else _long(text, kind)


def _long(text: str, kind: str) -> Cell:
    short = " ".join(text[: SHORT * 2].split())[: SHORT - 1] + "…"
    return Cell(short, kind, text[:LONGEST], len(text) > LONGEST)


def _nested(value: Json | list[Any]) -> Cell:
    short = json.dumps(value, ensure_ascii=False)
    if len(short) <= SHORT // 2:
        return Cell(short, "nested")
    whole = json.dumps(value, ensure_ascii=False, indent=2)
    return Cell(short[: SHORT // 2 - 1] + "…", "nested", whole[:LONGEST], len(whole) > LONGEST)
