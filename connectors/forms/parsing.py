"""Reads what a browser sent back into a document."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext

from connectors.forms import names, reading, switching
from connectors.forms.controls import MISSING
from connectors.forms.facts import Kind, entry, is_nullable, kind, plain
from connectors.forms.reading import Posted
from connectors.forms.shown import shown, start
from connectors.forms.switching import Memory
from connectors.schemas import FieldError, below, branches, chosen, holds_secret, item_schema, property_schema
from connectors.schemas.values import Json

# A field may show others, which show others.
_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Seat:
    """Where something stands in the form and in the document, and what stood there before."""

    name: str
    pointer: str
    kept: Any

    @property
    def fields(self) -> Json:
        return self.kept if isinstance(self.kept, dict) else {}

    def below(self, key: str) -> Seat:
        return Seat(below(self.name, key), below(self.pointer, key), self.fields.get(key, MISSING))


@dataclass(slots=True)
class Reader:
    """Walks a schema through what was posted. `verb` and `target` are the button that asks for the form again."""

    posted: Posted
    verb: str = ""
    target: str = ""
    memory: Memory = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    has_unseen: bool = False  # fields belong to the form now that nobody has seen yet

    def document(self, schema: Json, name: str, kept: Json) -> Json:
        """All of it. One that was typed as JSON, and is no object, counts as not given."""
        found = self.read(schema, Seat(name, "", kept))
        if not isinstance(found, dict) and found is not MISSING:
            self.errors.append(FieldError("", "type", gettext("Give an object with fields.")))
            self.texts[""] = reading.first(self.posted, name)
        return found if isinstance(found, dict) else {}

    def read(self, schema: Json, seat: Seat) -> Any:
        """What stands here now; what was not shown stays what it was."""
        if self.is_target("remove", seat.name):
            return None if is_nullable(schema) else MISSING
        what = kind(schema)
        if what is Kind.SECRET:
            return self._secret(schema, seat)
        if seat.name + names.NOTHING in self.posted and seat.name not in self.posted:
            if what is Kind.OBJECT:
                return self._object(schema, seat)
            if what is Kind.LIST and seat.name + names.ORDER not in self.posted:
                return self._list(schema, seat)
        if what is Kind.FIXED or not reading.was_shown(self.posted, seat.name):
            return copy.deepcopy(seat.kept)
        return self._control(schema, seat)

    def is_target(self, verb: str, name: str) -> bool:
        return self.verb == verb and self.target == name

    def _control(self, schema: Json, seat: Seat) -> Any:
        try:
            return reading.value(self.posted, seat.name, schema)
        except reading.NotJson as error:
            self.errors.append(FieldError(seat.pointer, "json", str(error)))
            self.texts[seat.pointer] = reading.first(self.posted, seat.name)
            return MISSING

    def _secret(self, schema: Json, seat: Seat) -> Any:
        if seat.name + names.DROP in self.posted:
            return MISSING
        text = reading.first(self.posted, seat.name)
        if text:
            return reading.secret(text, schema)
        return copy.deepcopy(seat.kept) if seat.kept is not MISSING else reading.nothing(self.posted, seat.name)

    def _object(self, schema: Json, seat: Seat) -> Any:
        if seat.name + names.OPENED not in self.posted:
            opened = self.is_target("add", seat.name)
            return start(schema) if opened else reading.nothing(self.posted, seat.name)
        found = self._fields(plain(schema), seat)
        return found if found or self.verb else reading.nothing(self.posted, seat.name)

    def _fields(self, schema: Json, seat: Seat) -> Json:
        """An object's fields. What one says may bring others along: look again until none come."""
        before, parts, value = list(chosen(schema, seat.fields)), list[Json](), dict[str, Any]()
        mark = len(self.errors)
        for _ in range(_ROUNDS):
            now = list(chosen(schema, value))
            if parts and switching.same(now, parts):
                break
            del self.errors[mark:]
            parts, value = now, self._shown(before, now, value, seat)
        if not switching.same(before, parts):
            self._remember(before, parts, seat)
        return value | self._rest(schema, parts, shown(before), value, seat)

    def _shown(self, before: list[Json], now: list[Json], value: Json, seat: Seat) -> Json:
        old, remembered = shown(before), switching.recall(self.memory, seat.pointer, now, value)
        new = switching.brought(before, now)
        found = {}
        for key, part in shown(now).items():
            is_other = key in new and (old.get(key) != part or holds_secret(part))
            found[key] = MISSING if is_other else self.read(part, seat.below(key))
            if found[key] is MISSING and key in remembered and (is_other or not self._was_shown(seat.below(key))):
                found[key] = copy.deepcopy(remembered[key])
        return {key: value for key, value in found.items() if value is not MISSING}

    def _was_shown(self, seat: Seat) -> bool:
        return reading.was_shown(self.posted, seat.name)

    def _remember(self, before: list[Json], now: list[Json], seat: Seat) -> None:
        """Keep what was typed into fields that are shown no more: they may come back."""
        old, new, brought = shown(before), shown(now), switching.brought(before, now)
        gone = {key: part for key, part in old.items() if key not in new or (key in brought and part != new[key])}
        typed = {key: self.read(part, seat.below(key)) for key, part in gone.items()}
        switching.keep(self.memory, seat.pointer, before, seat.fields, typed)
        unseen = [key for key in new if not self._was_shown(seat.below(key)) or (key in brought and key in gone)]
        self.has_unseen = self.has_unseen or bool(unseen)

    def _rest(self, schema: Json, parts: list[Json], before: Json, value: Json, seat: Seat) -> Json:
        """What is not among the fields: entries of a map, what is hidden, and what the schema does not know."""
        kept = seat.fields
        declared = {key for part in branches(schema) for key in part.get("properties", ())}
        found = {key: kept[key] for key in kept if key in declared and key not in before and key not in value}
        more = entry(parts)
        if more is not None:
            return found | dict(self._entries(parts, more, seat, declared))
        for key in kept.keys() - declared:
            found[key] = self.read({}, seat.below(key))
        return {key: found[key] for key in [*value, *kept] if found.get(key, MISSING) is not MISSING}

    def _entries(self, parts: list[Json], more: Json, seat: Seat, declared: set[str]) -> Iterator[tuple[str, Any]]:
        home, taken = f"{seat.name}/{names.ROWS}", set(declared)
        for mark in self._marks(home):
            row = f"{home}/{mark}"
            key, was = reading.first(self.posted, row + names.KEY), reading.first(self.posted, row + names.WAS)
            place = replace(seat.below(was), name=row, pointer=below(seat.pointer, key))
            value = self.read(property_schema(parts, key) or more, place)
            if value is MISSING and not key and not self._stays(place):
                continue
            key = self._free(key, seat.pointer, taken)
            taken.add(key)
            yield key, None if value is MISSING else value
        if self.is_target("add", home) and "" not in taken:
            yield "", None

    def _free(self, key: str, pointer: str, taken: set[str]) -> str:
        """The name itself, or one that nobody has, with an error: nothing that was typed is lost."""
        if key not in taken:
            return key
        free = next(name for name in (f"{key} {number}" for number in range(2, 9999)) if name not in taken)
        self.errors.append(
            FieldError(
                below(pointer, free), "duplicate", gettext("There is already an entry named %(key)s.") % {"key": key}
            )
        )
        return free

    def _list(self, schema: Json, seat: Seat) -> Any:
        old = seat.kept if isinstance(seat.kept, list) else []
        parts = list(chosen(plain(schema), old))
        found: list[Any] = []
        for mark in self._moved(seat):
            before = old[int(mark)] if mark.isdecimal() and int(mark) < len(old) else MISSING
            place = Seat(below(seat.name, mark), below(seat.pointer, len(found)), before)
            value = self.read(item_schema(parts, len(found)) or {}, place)
            if value is not MISSING or self._stays(place):
                found.append(None if value is MISSING else value)
        if self.is_target("add", seat.name):
            part = item_schema(parts, len(found)) or {}
            found.append(start(part) if kind(part) is Kind.OBJECT else None)
        return found or reading.nothing(self.posted, seat.name)

    def _stays(self, seat: Seat) -> bool:
        """Does a row stay that has no value? Not when the form is to be saved, unless what was typed cannot be read."""
        return bool(self.verb) or seat.pointer in self.texts

    def _marks(self, name: str) -> list[str]:
        """The rows that were shown, each under the mark that its names have, without the one that is to be removed."""
        marks = dict.fromkeys(self.posted.get(name + names.ITEMS, ()))
        return [mark for mark in marks if not self.is_target("remove", f"{name}/{mark}")]

    def _moved(self, seat: Seat) -> list[str]:
        """The rows in their new order. When they move, what was remembered of them would be another's."""
        marks = self._marks(seat.name)
        if self.target.startswith(seat.name + "/") and self.verb in ("remove", "up", "down"):
            switching.forget(self.memory, seat.pointer)
        for at, mark in enumerate(marks):
            for step, verb in ((-1, "up"), (1, "down")):
                if self.is_target(verb, below(seat.name, mark)) and 0 <= at + step < len(marks):
                    marks[at], marks[at + step] = marks[at + step], marks[at]
                    return marks
        return marks
