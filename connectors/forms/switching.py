"""What happens to typed values when another option is chosen: they are remembered, and come back with their option."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from connectors.forms.controls import MISSING
from connectors.forms.facts import discriminators
from connectors.schemas.values import Json

# By pointer of an object and the options chosen in it: the values of fields. Secrets are among them.
Memory = dict[str, dict[str, Json]]


def same(left: list[Json], right: list[Json]) -> bool:
    return [id(part) for part in left] == [id(part) for part in right]


def brought(before: list[Json], now: list[Json]) -> set[str]:
    """The fields, except for the choosing ones, that an option brings along which was not chosen before."""
    choosers = discriminators(now)
    options = [option for options in choosers.values() for option in options]
    known = [id(part) for part in before]
    new = [part for part in now if any(part is option for option in options) and id(part) not in known]
    return {name for part in new for name in part.get("properties", ())} - choosers.keys()


def keep(memory: Memory, pointer: str, parts: Iterable[Json], value: Json, typed: Json) -> None:
    known = {key: value for key, value in typed.items() if value is not MISSING}
    if known:
        memory.setdefault(pointer, {}).setdefault(_state(parts, value), {}).update(known)


def recall(memory: Memory, pointer: str, parts: Iterable[Json], value: Json) -> Json:
    return memory.get(pointer, {}).get(_state(parts, value), {})


def forget(memory: Memory, pointer: str) -> None:
    """Forget all below."""
    for place in [place for place in memory if place.startswith(pointer + "/")]:
        del memory[place]


def _state(parts: Iterable[Json], value: Json) -> str:
    """The options that are chosen, as a text."""
    chosen: dict[str, Any] = {name: value.get(name) for name in discriminators(parts)}
    return json.dumps(chosen, sort_keys=True)
