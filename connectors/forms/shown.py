"""Which fields of an object are shown for a value, and what they depend on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.forms.facts import discriminators, plain, say
from connectors.schemas import chosen, defaults, property_schema
from connectors.schemas.filling import required_names
from connectors.schemas.shape import constant
from connectors.schemas.values import Json


def shown(parts: Iterable[Json]) -> dict[str, Json]:
    """The schemas of the properties that are shown, in their order; of one that chooses, all that may be chosen.

    What a choice brings along stands behind it; all else goes by `x-order`.
    """
    parts = list(parts)
    choosers = discriminators(parts)
    brought = {name for options in choosers.values() for option in options for name in option["properties"]}
    brought -= {name for part in parts for name in part.get("properties", ()) if not _is_option(part, choosers)}
    names = dict.fromkeys([*choosers, *(name for part in parts for name in part.get("properties", ()))])
    found = {name: _choice(name, choosers) or property_schema(parts, name) or {} for name in names}
    ranks = {name: (name in brought - choosers.keys(), _order(found[name])) for name in names}
    visible = [name for name in names if not say(found[name], "x-hidden")]
    return {name: found[name] for name in sorted(visible, key=ranks.__getitem__)}


def _is_option(part: Json, choosers: dict[str, list[Json]]) -> bool:
    return any(part is option for options in choosers.values() for option in options)


def _choice(name: str, choosers: dict[str, list[Json]]) -> Json | None:
    if name not in choosers:
        return None
    fields = [option["properties"][name] for option in choosers[name]]
    order = min((field["x-order"] for field in fields if "x-order" in field), default=float("inf"))
    return {"enum": [constant(field)[0] for field in fields], "x-order": order}


def _order(schema: Json) -> float:
    found = say(schema, "x-order")
    return float(found) if isinstance(found, int | float) else float("inf")


def needed(parts: Iterable[Json], value: Json) -> set[str]:
    """The properties that must be given."""
    parts = list(parts)
    tied = [names for part in parts for name, names in part.get("dependentRequired", {}).items() if name in value]
    return required_names(parts) | {name for names in tied for name in names}


def triggers(parts: Iterable[Json]) -> set[str]:
    """The properties that decide which others are shown or needed."""
    found: set[str] = set()
    for part in parts:
        found |= {name for key in ("dependentRequired", "dependentSchemas") for name in part.get(key, ())}
        if isinstance(part.get("if"), dict):
            found |= set(_mentioned(part["if"]))
    return found


def _mentioned(condition: Json) -> Iterator[str]:
    yield from condition.get("properties", ())
    yield from condition.get("required", ())
    inner = [condition.get("not"), *(part for key in ("allOf", "anyOf", "oneOf") for part in condition.get(key, ()))]
    for part in inner:
        if isinstance(part, dict):
            yield from _mentioned(part)


def start(schema: Json) -> Json:
    """A new object: with what the schema knows already."""
    return defaults(schema, {})


def starts_by_itself(schema: Json) -> bool:
    """Can the object be left as it starts? Then its fields are shown at once: nothing is demanded in them."""
    new = start(schema)
    return required_names(chosen(plain(schema), new)) <= new.keys()
