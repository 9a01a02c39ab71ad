"""What somebody typed into the form of a credential, with the secrets that are kept left where they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.http import HttpRequest

from connectors import forms, schemas
from connectors.forms import Form, Parsed
from connectors.schemas import FieldError
from connectors.schemas.masking import MARK
from integrations.domain import Json
from integrations.services.entries import Entry
from integrations.web import live

PREFIX = "credential"


@dataclass(frozen=True, slots=True)
class Entered:
    """`given` is what to save: a secret nobody typed anew is {"set": true} in it. `judged` has it in its place."""

    schema: Json
    given: Parsed = field(repr=False)
    judged: Parsed = field(repr=False)

    @classmethod
    def of(cls, schema: Json, stored: Json) -> Self:
        """Nothing yet."""
        return cls(schema, Parsed(schemas.mask(schema, stored)), Parsed({}))

    @classmethod
    def read(cls, request: HttpRequest, schema: Json, stored: Json, kept: Entry | None) -> Self:
        """Judged with the stored secrets in their places, but without them: who changes where they are sent must not
        have them sent there. `kept` is what was typed before, and could not be saved."""
        before = kept or Entry(schemas.mask(schema, stored))
        given = forms.parse(schema, request.POST, prefix=PREFIX, kept=before.value, memory=before.memory)
        whole = schemas.unmask(schema, before.value, stored)
        remembered = {at: _with_stored(found, at, stored) for at, found in before.memory.items()}
        return cls(schema, given, forms.parse(schema, request.POST, prefix=PREFIX, kept=whole, memory=remembered))

    def form(
        self,
        request: HttpRequest,
        errors: Iterable[FieldError] = (),
        choices: Json | None = None,
        notices: Mapping[str, str] | None = None,
    ) -> Form:
        value = schemas.replace_secrets(self.schema, self.given.value, lambda _, secret: dict(MARK) if secret else "")
        return forms.build(
            self.schema,
            value,
            prefix=PREFIX,
            errors=errors,
            texts=self.judged.texts,
            options=live.options(choices or {}),
            notices=notices,
            refresh_url=request.get_full_path(),
        )


def _with_stored(remembered: Json, pointer: str, stored: Any) -> Json:
    """What was remembered of one object, by the options that were chosen, with its secrets as they are stored."""
    for key in pointer.split("/")[1:]:
        stored = _part(stored, key.replace("~1", "/").replace("~0", "~"))
    return {state: _filled(fields, stored) for state, fields in remembered.items()}


def _filled(value: Any, stored: Any) -> Any:
    if value == MARK:
        return stored
    if isinstance(value, dict):
        return {key: _filled(one, _part(stored, key)) for key, one in value.items()}
    return value


def _part(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return value[int(key)] if key.isdecimal() and int(key) < len(value) else None
    return value.get(key) if isinstance(value, dict) else None
