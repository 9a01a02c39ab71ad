"""Makes rows of any model for tests that walk over all of them: required fields are filled, relations followed."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone

from integrations.models import VaultCanary
from integrations.vault.fields import SealedField

SECRET = "planted-secret"
_numbers = count(1)


def make(model: type[models.Model], **given: Any) -> Any:
    """Return a new row; of a model that has one row alone, that one."""
    manager = getattr(model, "everywhere", model._default_manager)
    if model in (VaultCanary, Permission, ContentType) and (found := manager.first()):
        return found
    number = next(_numbers)
    values = {field.name: _value(field, number) for field in model._meta.concrete_fields if _is_needed(field)}
    return manager.create(**{**values, **given})


def _is_needed(field: models.Field[Any, Any]) -> bool:
    if isinstance(field, SealedField):
        return True
    return not (field.null or field.blank or field.has_default() or isinstance(field, models.AutoField))


def _value(field: models.Field[Any, Any], number: int) -> Any:
    if isinstance(field, SealedField):
        return {"key": SECRET}
    if isinstance(field, models.ForeignKey):
        return make(field.related_model)
    if field.choices:
        return next(iter(field.flatchoices))[0]
    for kind, value in (
        (models.EmailField, f"somebody{number}@example.com"),
        (models.GenericIPAddressField, "192.0.2.1"),
        (models.DateTimeField, timezone.now()),
        (models.BooleanField, False),
        (models.UUIDField, uuid4()),
        (models.IntegerField, number),
        (models.JSONField, {}),
    ):
        if isinstance(field, kind):
            return value
    return f"{field.name}-{number}"[-(field.max_length or 100) :]
