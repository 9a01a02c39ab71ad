"""The words the schema modules share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field and what to do, never its value. `pointer` is a JSON Pointer into the value."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a value that names a dataset, and the name under which its rows are read."""

    pointer: str
    name: str
    dataset_id: str


def below(pointer: str, *keys: str | int) -> str:
    """The JSON Pointer of something inside `pointer`."""
    return pointer + "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)
