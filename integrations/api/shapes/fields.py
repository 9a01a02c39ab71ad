"""Parts that several shapes are made of."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from integrations.domain import Json

DEEPEST = 50


class Strict(serializers.Serializer[Any]):
    """Refuses fields it does not know, by name: a misspelt one would otherwise be lost in silence."""

    ignored: frozenset[str] = frozenset()
    """Fields of the answer that may come back unchanged, so that what was read can be written."""

    def to_internal_value(self, data: Any) -> Any:
        errors: dict[str, Any] = {}
        value: Any = None
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            assert isinstance(error.detail, dict)
            errors.update(error.detail)
        errors.update(self._unknown(data))
        if errors:
            raise ValidationError(errors)
        return value

    def _unknown(self, data: Any) -> dict[str, list[ErrorDetail]]:
        if not isinstance(data, dict):
            return {}
        known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
        message = ErrorDetail(f"There is no such field. Known here: {known}.", code="unknown")
        return {key: [message] for key in data if key not in self.fields and key not in self.ignored}


@extend_schema_field({"type": "object", "additionalProperties": True})
class JsonObject(serializers.JSONField):
    """A JSON object that any of our databases can keep."""

    default_error_messages = {"not_an_object": "Give an object, such as {{}}."}

    def to_internal_value(self, data: Any) -> Json:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        if found := next(_unfit(data, ()), None):
            raise ValidationError(_nested(*found))
        return data


def _nested(path: tuple[str, ...], detail: ErrorDetail) -> Any:
    """Return the error as validation errors are kept: by name, level by level."""
    nested: Any = [detail]
    for name in reversed(path):
        nested = {name: nested}
    return nested


def _unfit(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], ErrorDetail]]:
    """Find what reads as JSON and cannot be kept: numbers too large for a float, endless nesting."""
    if len(path) > DEEPEST:
        yield path[:1], ErrorDetail(f"Nested deeper than {DEEPEST} levels.", code="too_deep")
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, ErrorDetail("Give a number that is not infinite.", code="not_finite")
    elif isinstance(value, dict | list):
        for name, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _unfit(child, (*path, str(name)))
