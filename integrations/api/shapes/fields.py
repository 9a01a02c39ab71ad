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
