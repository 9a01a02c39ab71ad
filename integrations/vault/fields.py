"""A model field whose column holds only sealed text; the value is opened when it is read."""

from __future__ import annotations

from typing import Any

from django.db import models

from integrations.vault import envelope, tenant_keys


class Sealed(str):
    """The text of the column, as it stands in the database."""

    __slots__ = ()


class SealedAttribute:
    """Opens on reading, so that a value that does not open breaks nothing but its own reading."""

    def __init__(self, field: SealedField) -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type[models.Model]) -> Any:
        if row is None:
            return self
        if self.field.attname not in row.__dict__:
            row.refresh_from_db(fields=[self.field.attname])
        value = row.__dict__[self.field.attname]
        return self.field.open(row, value) if isinstance(value, Sealed) else value

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.field.attname] = value


class SealedField(models.TextField):  # type: ignore[type-arg]
    """Holds a JSON value sealed to its tenant, table, column and row. The row needs `tenant_id` and a client-side key."""

    description = "A sealed JSON value"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, SealedAttribute(self))

    def from_db_value(self, value: str | None, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        """What a fixture brings is sealed already: only sealed text is ever dumped."""
        return Sealed(value) if isinstance(value, str) else value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self._sealed(obj))

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return self._sealed(model_instance)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else str(value)

    def open(self, row: models.Model, sealed: Sealed) -> Any:
        """Raises `Unreadable` when the value was not sealed here."""
        _, keys = tenant_keys.of_tenant(row.tenant_id)  # type: ignore[attr-defined]
        return envelope.open_sealed(sealed, keys=keys, place=self._place(row))

    def _sealed(self, row: models.Model) -> Sealed | None:
        value = row.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        key_id, keys = tenant_keys.of_tenant(row.tenant_id)  # type: ignore[attr-defined]
        sealed = Sealed(envelope.seal(value, keys=keys, key_id=key_id, place=self._place(row)))
        row.__dict__[self.attname] = sealed
        return sealed

    def _place(self, row: models.Model) -> tuple[str, ...]:
        assert self.column
        return (str(row.tenant_id), row._meta.db_table, self.column, str(row.pk))  # type: ignore[attr-defined]
