"""What differs between two runs, or two versions of a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from integrations.domain import Json
from integrations.services import cells
from integrations.services.cells import Cell


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """`name` says where: a column, or the path of a setting."""

    kind: Kind
    name: str
    before: Any = None
    after: Any = None

    @property
    def was(self) -> Cell:
        return cells.cell(self.before)

    @property
    def became(self) -> Cell:
        return cells.cell(self.after)


def columns(before: Sequence[Json], after: Sequence[Json]) -> list[Change]:
    """What became of the columns of a schema, which is a list of {name, type}."""
    old, new = ({column["name"]: column["type"] for column in schema} for schema in (before, after))
    return list(_changes(old, new))


def settings(before: Json, after: Json) -> list[Change]:
    """What became of the settings, each named by its path."""
    return list(_changes(dict(_flat(cells.masked(before))), dict(_flat(cells.masked(after)))))


def _changes(old: Json, new: Json) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield Change(Kind.REMOVED, name, before=old[name])
        elif name not in old:
            yield Change(Kind.ADDED, name, after=new[name])
        elif old[name] != new[name]:
            yield Change(Kind.CHANGED, name, old[name], new[name])


def _flat(value: Json, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, item in value.items():
        here = f"{path}{name}"
        if isinstance(item, dict) and item:
            yield from _flat(item, f"{here}.")
        else:
            yield here, item
