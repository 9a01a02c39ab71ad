"""Puts each error to the field it is about: the nearest one that is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from connectors.forms.model import Group, Node, Rows, walk
from connectors.schemas import FieldError

N = TypeVar("N", bound=Node)
Found = Mapping[str, tuple[str, ...]]


def placed(root: N, errors: Iterable[FieldError]) -> N:
    pointers = {node.pointer for node in walk(root)}
    found: dict[str, tuple[str, ...]] = {}
    for error in errors:
        nearest = _nearest(error.pointer, pointers)
        found[nearest] = (*found.get(nearest, ()), error.detail)
    return _with(root, found) if found else root


def _nearest(pointer: str, pointers: set[str]) -> str:
    while pointer and pointer not in pointers:
        pointer = pointer.rpartition("/")[0]
    return pointer


def _with(node: N, found: Found) -> N:
    own = replace(node, errors=found.get(node.pointer, ()))
    if isinstance(own, Group):
        parts = (replace(part, nodes=tuple(_with(one, found) for one in part.nodes)) for part in own.sections)
        return replace(own, sections=tuple(parts))
    if isinstance(own, Rows):
        return replace(own, rows=tuple(replace(row, node=_with(row.node, found)) for row in own.rows))
    return own
