"""From a document to a form and back."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from connectors.forms import names
from connectors.forms.building import root
from connectors.forms.context import Context, Spot
from connectors.forms.model import Form, Option
from connectors.forms.parsing import Reader
from connectors.forms.placing import placed
from connectors.forms.switching import Memory
from connectors.schemas import FieldError, defaults, validate
from connectors.schemas.values import Json


class Data(Protocol):
    """A form's data, as `request.POST` is."""

    def lists(self) -> Iterable[tuple[str, list[Any]]]: ...


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a person sent. `action` is the button that asks for the form again; empty: this was meant to be saved.

    `value`, `texts` and `memory` hold what was typed, secrets too: to show the form again, keep them sealed until the
    next post. `build` wants `value` and `texts`, the next `parse` wants `value` as `kept`, and `memory`, which has the
    values of options that are not chosen now.
    """

    value: Json = field(repr=False)
    errors: tuple[FieldError, ...] = ()
    action: str = ""
    target: str = ""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    memory: Memory = field(default_factory=dict, repr=False)

    @property
    def is_final(self) -> bool:
        return not self.action and not self.errors


def build(
    schema: Json,
    value: Json,
    *,
    prefix: str = "form",
    errors: Iterable[FieldError] = (),
    datasets: Sequence[Option] | None = None,
    options: Mapping[str, Sequence[Option]] | None = None,
    texts: Mapping[str, str] | None = None,
    notices: Mapping[str, str] | None = None,
    refresh_url: str = "",
) -> Form:
    """The form that shows a document, with the schema's defaults filled in; secrets are only said to be there.

    `options` are live choices by the field's pointer or its `source`; `notices` say, by pointer, why there are none.
    """
    context = Context(datasets, options or {}, texts or {}, notices or {})
    schema = _object(schema)
    spot = Spot(pointer="", name=prefix, is_required=True)
    errors = tuple(errors)
    top = placed(root(context, spot, schema, defaults(schema, value)), errors)
    return Form("form" + names.dom_id(prefix)[1:], prefix, top, refresh_url, errors)


def parse(
    schema: Json, data: Data, *, prefix: str = "form", kept: Json | None = None, memory: Memory | None = None
) -> Parsed:
    """The document that a form was filled in with. `kept` is the one it was made from, with its secrets: what was not
    shown, and secrets that were not typed anew, are taken from it."""
    schema = _object(schema)
    posted = {key: [str(value) for value in values] for key, values in data.lists()}
    verb, _, target = (posted.get(names.ACTION) or [""])[-1].partition(":")
    reader = Reader(posted, verb, target, copy.deepcopy(memory or {}))
    value = defaults(schema, reader.document(schema, prefix, defaults(schema, kept or {})))
    if reader.has_unseen and not verb:
        verb = "refresh"
    errors = () if verb else _first_a_field([*reader.errors, *validate(schema, value)])
    return Parsed(value, errors, verb, target, reader.texts, reader.memory)


def _object(schema: Json) -> Json:
    return schema or {"type": "object", "properties": {}}


def _first_a_field(errors: Iterable[FieldError]) -> tuple[FieldError, ...]:
    seen: dict[str, FieldError] = {}
    for error in errors:
        seen.setdefault(error.pointer, error)
    return tuple(seen.values())
