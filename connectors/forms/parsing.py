"""Reads what a browser sent back into a document."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.forms import names, reading
from connectors.forms.controls import MISSING
from connectors.forms.facts import Kind, entry, kind
from connectors.forms.reading import Posted
from connectors.forms.shown import shown, start
from connectors.schemas import FieldError, below, branches, chosen, item_schema, property_schema
from connectors.schemas.values import Json

# A field may show others, which show others.
_ROUNDS = 8


@dataclass(slots=True)
class Reader:
    """Walks a schema through what was posted. `verb` and `target` are the button that asks for the form again."""

    posted: Posted
    verb: str = ""
    target: str = ""
    errors: list[FieldError] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def document(self, schema: Json, name: str, kept: Json) -> Json:
        """All of it. One that was typed as JSON, and is no object, counts as not given."""
        if kind(schema) is Kind.OBJECT and name not in self.posted:
            return self.object(schema, name, "", kept)
        found = self.read(schema, name, "", kept)
        if not isinstance(found, dict) and found is not MISSING:
            self.errors.append(FieldError("", "type", "Give an object with fields."))
            self.texts[""] = reading.first(self.posted, name)
        return found if isinstance(found, dict) else {}

    def read(self, schema: Json, name: str, pointer: str, kept: Any) -> Any:
        """What stands here now; what was not shown stays what it was."""
        if self.is_target("remove", name):
            return MISSING
        what = kind(schema)
        if what is Kind.SECRET:
            return self._secret(schema, name, kept)
        if name + names.NOTHING in self.posted and name not in self.posted:
            if what is Kind.OBJECT and name + names.JSON_TEXT not in self.posted:
                return self._object(schema, name, pointer, kept)
            if what is Kind.LIST and name + names.ORDER not in self.posted:
                return self._list(schema, name, pointer, kept)
        if what is Kind.FIXED or not reading.was_shown(self.posted, name):
            return copy.deepcopy(kept)
        return self._control(schema, name, pointer)

    def is_target(self, verb: str, name: str) -> bool:
        return self.verb == verb and self.target == name

    def _control(self, schema: Json, name: str, pointer: str) -> Any:
        try:
            return reading.value(self.posted, name, schema)
        except reading.NotJson as error:
            self.errors.append(FieldError(pointer, "json", str(error)))
            self.texts[pointer] = reading.first(self.posted, name)
            return MISSING

    def _secret(self, schema: Json, name: str, kept: Any) -> Any:
        if name + names.DROP in self.posted:
            return MISSING
        text = reading.first(self.posted, name)
        if text:
            return reading.secret(text, schema)
        return copy.deepcopy(kept) if kept is not MISSING else reading.nothing(self.posted, name)

    def _object(self, schema: Json, name: str, pointer: str, kept: Any) -> Any:
        old = kept if isinstance(kept, dict) else {}
        if name + names.OPENED not in self.posted:
            opened = self.is_target("add", name)
            return start(schema) if opened else reading.nothing(self.posted, name)
        found = self.object(schema, name, pointer, old)
        return found if found or self.verb else reading.nothing(self.posted, name)

    def object(self, schema: Json, name: str, pointer: str, kept: Json) -> Json:
        value: Json = {}
        seen: list[int] = []
        for _ in range(_ROUNDS):
            parts = list(chosen(schema, value))
            if (now := [id(part) for part in parts]) == seen:
                break
            seen, value = now, self._fields(parts, name, pointer, kept)
        rest = self._rest(schema, value, name, pointer, kept)
        return {**value, **rest}

    def _fields(self, parts: list[Json], name: str, pointer: str, kept: Json) -> Json:
        found = {
            key: self.read(part, below(name, key), below(pointer, key), kept.get(key, MISSING))
            for key, part in shown(parts).items()
        }
        return {key: value for key, value in found.items() if value is not MISSING}

    def _rest(self, schema: Json, value: Json, name: str, pointer: str, kept: Json) -> Json:
        """What is not among the fields: entries of a map, what is hidden, and what the schema does not know."""
        parts = list(chosen(schema, value))
        declared = {key for part in branches(schema) for key in part.get("properties", ())}
        shown_before = set(shown(chosen(schema, kept)))
        found = {key: kept[key] for key in kept.keys() & declared - shown_before - value.keys()}
        more = entry(parts)
        if more is not None:
            return found | dict(self._entries(parts, more, name, pointer, kept, declared))
        undeclared = [key for key in kept if key not in declared]
        rest = {key: self.read({}, below(name, key), below(pointer, key), kept[key]) for key in undeclared}
        return found | {key: value for key, value in rest.items() if value is not MISSING}

    def _entries(
        self, parts: list[Json], more: Json, name: str, pointer: str, kept: Json, declared: Iterable[str]
    ) -> Iterator[tuple[str, Any]]:
        home = name + "/" + names.ROWS
        taken = set(declared)
        for mark in self._marks(home):
            row = f"{home}/{mark}"
            key, was = reading.first(self.posted, row + names.KEY), reading.first(self.posted, row + names.WAS)
            part = property_schema(parts, key) or more
            value = (
                MISSING
                if self.is_target("remove", row)
                else self.read(part, row, below(pointer, key), kept.get(was, MISSING))
            )
            if self.is_target("remove", row) or (value is MISSING and not key and not self.verb):
                continue
            if key in taken:
                key = self._free(key, pointer, taken)
            taken.add(key)
            yield key, None if value is MISSING else value
        if self.is_target("add", home) and "" not in taken:
            yield "", None

    def _free(self, key: str, pointer: str, taken: set[str]) -> str:
        free = next(name for name in (f"{key} {number}" for number in range(2, 9999)) if name not in taken)
        self.errors.append(FieldError(below(pointer, free), "duplicate", f"There is already an entry named {key}."))
        return free

    def _list(self, schema: Json, name: str, pointer: str, kept: Any) -> Any:
        old = kept if isinstance(kept, list) else []
        parts = list(chosen(schema, old))
        marks = self._moved(self._marks(name), name)
        found: list[Any] = []
        for mark in marks:
            at = len(found)
            before = old[int(mark)] if mark.isdecimal() and int(mark) < len(old) else MISSING
            part = item_schema(parts, at) or {}
            value = self.read(part, below(name, mark), below(pointer, at), before)
            if value is not MISSING or self.verb:
                found.append(None if value is MISSING else value)
        if self.is_target("add", name):
            part = item_schema(parts, len(found)) or {}
            found.append(start(part) if kind(part) is Kind.OBJECT else None)
        return found or reading.nothing(self.posted, name)

    def _marks(self, name: str) -> list[str]:
        """The rows that were shown, each under the mark that its names have, without the one that is to be removed."""
        marks = dict.fromkeys(self.posted.get(name + names.ITEMS, ()))
        return [mark for mark in marks if not self.is_target("remove", f"{name}/{mark}")]

    def _moved(self, marks: list[str], name: str) -> list[str]:
        for at, mark in enumerate(marks):
            for step, verb in ((-1, "up"), (1, "down")):
                if self.is_target(verb, below(name, mark)) and 0 <= at + step < len(marks):
                    marks[at], marks[at + step] = marks[at + step], marks[at]
                    return marks
        return marks
