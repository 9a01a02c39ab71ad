"""Change keys while the hub works: the ring's key by wrapping anew, the tenants' data keys by sealing anew.

Two data keys of a tenant may be alive at a time; each sealed text names its own. What is sealed anew is written only
over the text that was read, so that an edit of the same moment wins. A rotation that broke off is gone on with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models, transaction

from integrations.vault import Unreadable, canary, envelope, keyring, own, tenant_keys
from integrations.vault.envelope import Keys
from integrations.vault.fields import Sealed, SealedField
from integrations.vault.models import TenantKey, VaultCanary

BATCH = 100
Note = Callable[[int], None]
"""Is told how many more have been looked at."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands that does not open."""

    column: str
    row: str

    def __str__(self) -> str:
        return f"{self.column} of {self.row}"


@dataclass(slots=True)
class Report:
    """What was done, and which values do not open with any key."""

    count: int = 0
    unreadable: set[Spot] = field(default_factory=set)


def rewrap(note: Note = lambda _: None) -> int:
    """Have the newest key of the ring wrap the canary and every data key; return how many that were."""
    newest = keyring.ring().newest
    with transaction.atomic():
        row = VaultCanary.objects.select_for_update().get(pk=1)
        if row.ring_key_id != newest:
            canary.sing(row)
            own.rewrap(row)
            row.save(update_fields=["ring_key_id", "sealed", "own_key"])
    # From here on nobody wraps with an older key: who would, has looked at the canary.
    return sum(_rewrapped(key, note) for key in TenantKey.everywhere.exclude(ring_key_id=newest).iterator(BATCH))


def unused_ring_keys() -> list[str]:
    """The keys of the ring that wrap nothing."""
    used = set(TenantKey.everywhere.order_by().values_list("ring_key_id", flat=True).distinct())
    used |= set(VaultCanary.objects.values_list("ring_key_id", flat=True))
    return [key_id for key_id in keyring.ring().keys if key_id not in used]


def count() -> int:
    """How many sealed values there are."""
    return sum(_sealed_rows(column).count() for column in columns())


def verify(note: Note = lambda _: None) -> Report:
    """Open every sealed value and say which do not open."""
    report = Report()
    for column in columns():
        for batch in _batches(column):
            report.count += len(batch)
            report.unreadable |= {
                _spot(column, pk) for pk, tenant, text in batch if _opened(column, pk, tenant, text) is None
            }
            note(len(batch))
    return report


def reseal(note: Note = lambda _: None) -> Report:
    """Seal every value anew with a fresh data key of its tenant, and delete the old keys, unless a value needs them.

    Goes on with a rotation that broke off. Runs and edits go on meanwhile.
    """
    generation = _begin()
    for tenant_id in _tenants_behind(generation):
        tenant_keys.make(tenant_id, generation)
    report = Report()
    # An edit that began before the new key was there may end after its row was looked at: look until none is left.
    while not _is_retired(generation, report.unreadable):
        for column in columns():
            _reseal_column(column, report, note)
    _end(generation)
    return report


def columns() -> list[SealedField]:
    found = (field for model in apps.get_models() for field in model._meta.local_concrete_fields)
    return [field for field in found if isinstance(field, SealedField)]


def _rewrapped(row: TenantKey, note: Note) -> bool:
    before = row.wrapped
    tenant_keys.wrap(tenant_keys.unwrap(row), row=row)
    mine = TenantKey.everywhere.filter(pk=row.pk, wrapped=before)
    note(1)
    return bool(mine.update(ring_key_id=row.ring_key_id, wrapped=row.wrapped))


def _begin() -> int:
    with transaction.atomic():
        row = VaultCanary.objects.select_for_update().get(pk=1)
        if not row.is_resealing:
            row.generation, row.is_resealing = row.generation + 1, True
            row.save(update_fields=["generation", "is_resealing"])
        return row.generation


def _end(generation: int) -> None:
    VaultCanary.objects.filter(pk=1, generation=generation).update(is_resealing=False)


def _tenants_behind(generation: int) -> list[str]:
    keys = TenantKey.everywhere.order_by()
    done = keys.filter(generation=generation).values("tenant_id")
    return [str(pk) for pk in keys.exclude(tenant_id__in=done).values_list("tenant_id", flat=True).distinct()]


def _reseal_column(column: SealedField, report: Report, note: Note) -> None:
    for batch in _batches(column):
        with transaction.atomic():
            sealing: dict[str, tuple[str, Keys]] = {}
            for pk, tenant, text in batch:
                if tenant not in sealing:
                    sealing[tenant] = tenant_keys.sealing(tenant)
                report.count += _resealed(column, (pk, tenant, text), sealing[tenant], report.unreadable)
        note(len(batch))


def _resealed(
    column: SealedField, row: tuple[Any, str, Sealed], sealing: tuple[str, Keys], unreadable: set[Spot]
) -> int:
    """Seal one value anew, if it is not yet and nobody changed it meanwhile; return how many that were."""
    pk, tenant, text = row
    key_id, keys = sealing
    if envelope.key_id(text) == key_id:
        return 0
    opened = _opened(column, pk, tenant, text)
    if opened is None:
        unreadable.add(_spot(column, pk))
        return 0
    anew = Sealed(envelope.seal(opened[0], keys=keys, key_id=key_id, place=_place(column, pk, tenant)))
    unchanged = column.model._base_manager.filter(pk=pk, **{column.attname: text})
    return unchanged.update(**{column.attname: anew})


def _opened(column: SealedField, pk: Any, tenant: str, text: Sealed) -> tuple[Any] | None:
    """The value as a 1-tuple; None when it does not open."""
    try:
        keys = tenant_keys.opening(tenant, envelope.key_id(text))
        return (envelope.open_sealed(text, keys=keys, place=_place(column, pk, tenant)),)
    except Unreadable:
        return None


def _is_retired(generation: int, unreadable: set[Spot]) -> bool:
    """Delete the older data keys with which nothing is sealed any more; are all gone that can go?"""
    is_done = True
    for old in TenantKey.everywhere.filter(generation__lt=generation):
        with transaction.atomic():
            # Waits for every transaction that seals with it at this moment.
            if not TenantKey.everywhere.select_for_update().filter(pk=old.pk).exists():
                continue
            left = {spot for column in columns() for spot in _sealed_with(column, old)}
            if not left:
                old.delete()
            is_done = is_done and left <= unreadable
    return is_done


def _sealed_with(column: SealedField, key: TenantKey) -> Iterator[Spot]:
    prefix = Sealed(f"{envelope.FORMAT}:{key.pk}:")
    rows = column.model._base_manager.filter(tenant_id=key.tenant_id, **{f"{column.attname}__startswith": prefix})
    return (_spot(column, pk) for pk in rows.values_list("pk", flat=True))


def _batches(column: SealedField) -> Iterator[list[tuple[Any, str, Sealed]]]:
    rows = _sealed_rows(column).order_by("pk").values_list("pk", "tenant_id", column.attname)
    batch = list(rows[:BATCH])
    while batch:
        yield [(pk, str(tenant), text) for pk, tenant, text in batch]
        batch = list(rows.filter(pk__gt=batch[-1][0])[:BATCH])


def _sealed_rows(column: SealedField) -> models.QuerySet[Any]:
    return column.model._base_manager.filter(**{f"{column.attname}__isnull": False})


def _place(column: SealedField, pk: Any, tenant: str) -> envelope.Place:
    return envelope.Place(tenant, column.model._meta.db_table, str(column.column), str(pk))


def _spot(column: SealedField, pk: Any) -> Spot:
    return Spot(f"{column.model._meta.verbose_name} {column.name}", str(pk))
