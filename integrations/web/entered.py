"""What somebody typed into the form of a credential, with the secrets that are kept left where they are.

The page may have to be shown again: secrets that were typed are in no page, so they have to be typed once more, and
the page says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from django.http import HttpRequest

from connectors import forms, schemas
from connectors.forms import Form, Parsed
from connectors.schemas import FieldError
from connectors.schemas.masking import MARK
from integrations.domain import Json

PREFIX = "credential"


@dataclass(frozen=True, slots=True)
class Entered:
    """`given` is what to save: a secret nobody typed anew is {"set": true} in it. `stored` is what is kept already."""

    schema: Json
    stored: Json = field(repr=False)
    given: Json = field(repr=False)
    parsed: Parsed = field(repr=False)

    @classmethod
    def of(cls, schema: Json, stored: Json) -> Self:
        """Nothing yet."""
        return cls(schema, stored, schemas.mask(schema, stored), Parsed({}))

    @classmethod
    def read(cls, request: HttpRequest, schema: Json, stored: Json) -> Self:
        """Judged with the kept secrets in their places, but without them: who changes where they are sent must not
        have them sent there."""
        judged = forms.parse(schema, request.POST, prefix=PREFIX, kept=stored)
        given = forms.parse(schema, request.POST, prefix=PREFIX, kept=schemas.mask(schema, stored)).value
        return cls(schema, stored, given, judged)

    @property
    def has_lost_secrets(self) -> bool:
        """Secrets were typed that the page, shown again, will not hold."""
        return any(value not in (MARK, "", None) for value in _secrets(self.schema, self.given).values())

    def form(self, request: HttpRequest, errors: Iterable[FieldError] = ()) -> Form:
        kept = _secrets(self.schema, self.stored)
        value = schemas.replace_secrets(self.schema, self.given, lambda at, _: dict(MARK) if at in kept else "")
        return forms.build(
            self.schema,
            value,
            prefix=PREFIX,
            errors=errors,
            texts=self.parsed.texts,
            refresh_url=request.get_full_path(),
        )


def _secrets(schema: Json, value: Json) -> dict[str, Any]:
    found: dict[str, Any] = {}
    schemas.replace_secrets(schema, value, lambda at, secret: found.setdefault(at, secret))
    return found
