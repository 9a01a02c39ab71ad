"""Parts that shapes of bodies are made of."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError


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
