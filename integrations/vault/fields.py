"""A model field whose column holds only sealed text; the value is opened when it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction

from integrations.vault import envelope, tenant_keys
from tenants.scope import TenantOwned


class Sealed(str):
    """The text of the column, as it stands in the database."""

    __slots__ = ()


class Dumped(Sealed):
    """Sealed text that a fixture brings: it goes back into the column unread."""

    __slots__ = ()


@dataclass(slots=True)
class Opened:
    """The value in the clear; holding it like this keeps it out of every repr of the row's attributes."""

    value: Any = field(repr=False)


class SealedAttribute:
    """Opens on reading, so that a value that does not open breaks nothing but its own reading."""

    def __init__(self, field: SealedField) -> None:
        self.field = field

    def __get__(self, row: models.Model | None, owner: type[models.Model]) -> Any:
        if row is None:
            return self
        held = self.field.held(row)
        if isinstance(held, Sealed) and not isinstance(held, Dumped):
            held = row.__dict__[self.field.attname] = Opened(self.field.open(row, held))
        return held.value if isinstance(held, Opened) else held

    def __set__(self, row: models.Model, value: Any) -> None:
        row.__dict__[self.field.attname] = value if value is None or isinstance(value, Sealed) else Opened(value)


class SealedField(models.TextField[Any, Any]):
    """Holds a JSON value sealed to its tenant, table, column and row. The row needs `tenant_id` and a client-side key.

    None is the column's null. A value changed in place is written by the next save, as with a JSONField.
    """

    description = "A sealed JSON value"
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any
    empty_strings_allowed = False

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

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | models.F | None:
        held = self.held(model_instance)
        if isinstance(held, Sealed) and not isinstance(held, Dumped) and not add:
            # Nobody read or changed it here, while it may have been changed or sealed anew elsewhere.
            return models.F(self.attname)
        if isinstance(held, Opened) and not connection.in_atomic_block:
            raise transaction.TransactionManagementError("What is sealed must be written in the same transaction.")
        return self._sealed(model_instance)

    def get_prep_value(self, value: Any) -> str | None:
        """Let only sealed text through: `update()`, `bulk_update()` and filters do not know a value's place."""
        if value is None or isinstance(value, Sealed):
            return None if value is None else str(value)
        raise TypeError(f"{self.name} is sealed: write it by saving its row, and do not filter by it.")

    def to_python(self, value: Any) -> Dumped | None:
        """Take what a fixture brings, which `dumpdata` wrote as sealed text."""
        if value is None or (isinstance(value, str) and envelope.key_id(value)):
            return None if value is None else Dumped(value)
        raise ValidationError("This is no sealed text as dumpdata writes it.", code="not_sealed")

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return value

    def value_from_object(self, obj: models.Model) -> Sealed | None:
        """What serializers see: they must not open a value, and a null stays null."""
        return self._sealed(obj)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self._sealed(obj))

    def held(self, row: models.Model) -> Any:
        """What the row holds, loaded now if it was deferred: `Sealed`, `Opened` or None."""
        if self.attname not in row.__dict__:
            row.refresh_from_db(fields=[self.attname])
        return row.__dict__[self.attname]

    def open(self, row: models.Model, sealed: Sealed) -> Any:
        """Raises `Unreadable` when the value was not sealed here."""
        place = self._place(row)
        keys = tenant_keys.opening(place.tenant, envelope.key_id(sealed))
        return envelope.open_sealed(sealed, keys=keys, place=place)

    def _sealed(self, row: models.Model) -> Sealed | None:
        held = self.held(row)
        if not isinstance(held, Opened):
            return held  # type: ignore[no-any-return]
        place = self._place(row)
        key_id, keys = tenant_keys.sealing(place.tenant)
        return Sealed(envelope.seal(held.value, keys=keys, key_id=key_id, place=place))

    def _place(self, row: models.Model) -> envelope.Place:
        """Name the place alike, whatever form the ids were given in."""
        tenant = row._meta.get_field("tenant").to_python(row.tenant_id)  # type: ignore[attr-defined,union-attr]
        key = row._meta.pk.to_python(row.pk)
        if tenant is None or key is None:
            raise ValueError(f"{self.name} is sealed to its row: the row needs its tenant and its key first.")
        return envelope.Place(str(tenant), row._meta.db_table, str(self.column), str(key))


class SealedRow(TenantOwned):
    """A row with sealed fields: sealing and writing are one transaction, in which the data key cannot be retired."""

    class Meta(TenantOwned.Meta):
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
