"""What an event of the trail changed, field by field, for people to read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HIDDEN = "•••"
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Change:
    """`name` is the path of the field; None stands for a side where it was not."""

    name: str
    was: str | None
    became: str | None


def between(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    """The fields that differ; those of an object that was made or deleted are all there."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    names = [*old, *(name for name in new if name not in old)]
    return [Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _flat(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        if isinstance(item, dict) and item and item.get("set") is not True:
            yield from _flat(item, f"{path}{name}.")
        elif item not in (None, "", [], {}):
            yield f"{path}{name}", _text(item)


def _text(value: Any) -> str:
    if isinstance(value, dict) and value.get("set") is True:
        return str(value.get("reference", HIDDEN))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
