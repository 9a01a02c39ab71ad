"""Maps of a connector: how one shape of values becomes another, written as data.

A choice is `{by: pointer, cases: {value: choice}, default: value}`, or anything else, which is then the choice itself.
A source is "/pointer" into the value, `{"value": x}` for x itself, or `{"from": "/pointer", "else": x}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


class UnknownCase(LookupError):
    def __init__(self, pointer: str, found: object, known: list[str]) -> None:
        super().__init__(f"{pointer} = {found!r}")
        self.pointer = pointer
        self.found = found
        self.known = known


def choose(mapping: Json, value: Json) -> Json:
    """Follow the cases to a choice. Raises `UnknownCase`."""
    while "by" in mapping:
        found = resolve(mapping["by"], value) or mapping.get("default")
        cases: dict[str, Json] = mapping["cases"]
        if found not in cases:
            raise UnknownCase(mapping["by"], found, sorted(cases))
        mapping = cases[found]
    return mapping


def fill(source: Any, value: Json) -> Any:
    """Take what a source names; None when nothing is there."""
    if isinstance(source, str):
        return resolve(source, value)
    if isinstance(source, dict) and "from" in source:
        found = resolve(source["from"], value)
        return source.get("else") if found is None else found
    return source.get("value") if isinstance(source, dict) else None


def resolve(pointer: str, value: Any) -> Any:
    """Follow a JSON pointer; None when nothing is there."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def pointers(mapping: Any) -> Iterator[str]:
    """Every pointer that a map follows."""
    if isinstance(mapping, str):
        yield mapping
    elif isinstance(mapping, dict) and "value" not in mapping:
        yield from (mapping[name] for name in ("by", "from") if name in mapping)
        for inner in mapping.get("cases", {}).values():
            yield from pointers(inner)
        for name, inner in mapping.items():
            if name not in ("by", "from", "cases", "default", "else"):
                yield from pointers(inner)
