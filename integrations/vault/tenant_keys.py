"""The tenants' data keys: made on first use, wrapped by the ring, unwrapped once per process."""

from __future__ import annotations

import base64
import os

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from integrations.vault import Unreadable, canary, envelope, keyring, locks
from integrations.vault.envelope import Keys, Place
from integrations.vault.models import TenantKey

_unwrapped: dict[tuple[str, str], Keys] = {}
"""By tenant and key id. Small, and never emptied: an id never stands for another key, so none becomes wrong."""


def sealing(tenant_id: str) -> tuple[str, Keys]:
    """Return the id of the data key that seals now and the key, making it if there is none yet.

    Which one that is, is never remembered: a rotation may have made another. In a transaction the key stays alive until
    its end, so that what was sealed meanwhile can be opened.
    """
    row = locks.shared(TenantKey.everywhere.filter(tenant_id=tenant_id).order_by("-generation")) or _make(tenant_id)
    key_id = str(row.pk)
    keys = _unwrapped.get((tenant_id, key_id))
    if keys is None:
        keys = _unwrapped[tenant_id, key_id] = envelope.split(unwrap(row))
    return key_id, keys


def opening(tenant_id: str, key_id: str) -> Keys:
    """Return one data key of the tenant. Raises `Unreadable` when it has no such key, or the ring cannot unwrap it."""
    keys = _unwrapped.get((tenant_id, key_id))
    if keys is None:
        keys = _unwrapped[tenant_id, key_id] = envelope.split(unwrap(_find(tenant_id, key_id)))
    return keys


def forget() -> None:
    """Empty this process's memory of keys."""
    _unwrapped.clear()


def make(tenant_id: str, generation: int) -> TenantKey:
    """Make the tenant's key of a generation, or return the one that another process made at the same moment."""
    row = TenantKey(tenant_id=tenant_id, generation=generation)
    wrap(os.urandom(keyring.KEY_BYTES), row=row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return TenantKey.everywhere.get(tenant_id=tenant_id, generation=generation)
    return row


def wrap(key: bytes, *, row: TenantKey) -> None:
    """Wrap the key with the newest of the ring."""
    keys = keyring.ring()
    row.ring_key_id = keys.newest
    encoded = base64.b64encode(key).decode()
    row.wrapped = envelope.seal(
        encoded, keys=envelope.split(keys.keys[keys.newest]), key_id=keys.newest, place=_place(row)
    )


def unwrap(row: TenantKey) -> bytes:
    """Raises `Unreadable`."""
    ring_key_id = envelope.key_id(row.wrapped)
    ring_key = keyring.find(ring_key_id)
    if ring_key is None:
        raise Unreadable(f"The ring has no key {ring_key_id!r}, which wraps this tenant's data key.")
    return base64.b64decode(envelope.open_sealed(row.wrapped, keys=envelope.split(ring_key), place=_place(row)))


def _find(tenant_id: str, key_id: str) -> TenantKey:
    try:
        return TenantKey.everywhere.get(pk=key_id, tenant_id=tenant_id)
    except (TenantKey.DoesNotExist, ValidationError) as error:
        raise Unreadable("The value was sealed with a data key that this tenant does not have.") from error


def _make(tenant_id: str) -> TenantKey:
    """Make the tenant's first key, unless the ring is about to go: it would be wrapped by a key that nobody keeps."""
    with transaction.atomic():
        now = canary.held()
        if keyring.find(now.ring_key_id) is None:
            raise Unreadable(
                f"The ring of this process has no key {now.ring_key_id!r}, the hub's newest. Start it anew."
            )
        return make(tenant_id, now.generation)


def _place(row: TenantKey) -> Place:
    return Place(str(row.tenant_id), TenantKey._meta.db_table, "wrapped", str(row.pk))
