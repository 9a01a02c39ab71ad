"""The tenants' data keys: made on first use, wrapped by the ring, unwrapped once per process."""

from __future__ import annotations

import base64
import os
from functools import partial

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from integrations.vault import Unreadable, envelope
from integrations.vault.envelope import Keys, Place
from integrations.vault.keyring import KEY_BYTES, ring
from integrations.vault.models import TenantKey

_unwrapped: dict[tuple[str, str], Keys] = {}
"""By tenant and key id. One small entry a tenant: never emptied."""
_current: dict[str, str] = {}
"""By tenant, the id of the key that seals; only of keys that are committed."""


def sealing(tenant_id: str) -> tuple[str, Keys]:
    """Return the id of the tenant's data key and the key, making it if there is none yet."""
    key_id = _current.get(tenant_id)
    if key_id is None:
        row = TenantKey.everywhere.filter(tenant_id=tenant_id).first() or _make(tenant_id)
        key_id = str(row.pk)
        _unwrapped[tenant_id, key_id] = _unwrap(row)
        # A key of a transaction that is rolled back must not seal anything afterwards.
        transaction.on_commit(partial(_current.__setitem__, tenant_id, key_id))
    return key_id, _unwrapped[tenant_id, key_id]


def opening(tenant_id: str, key_id: str) -> Keys:
    """Return one data key of the tenant. Raises `Unreadable` when it has no such key, or the ring cannot unwrap it."""
    keys = _unwrapped.get((tenant_id, key_id))
    if keys is None:
        keys = _unwrapped[tenant_id, key_id] = _unwrap(_find(tenant_id, key_id))
    return keys


def forget() -> None:
    """Empty this process's memory of keys."""
    _unwrapped.clear()
    _current.clear()


def wrap(key: bytes, *, row: TenantKey) -> None:
    """Wrap the key with the newest of the ring."""
    keys = ring()
    row.ring_key_id = keys.newest
    encoded = base64.b64encode(key).decode()
    row.wrapped = envelope.seal(
        encoded, keys=envelope.split(keys.keys[keys.newest]), key_id=keys.newest, place=_place(row)
    )


def _find(tenant_id: str, key_id: str) -> TenantKey:
    try:
        return TenantKey.everywhere.get(pk=key_id, tenant_id=tenant_id)
    except (TenantKey.DoesNotExist, ValidationError) as error:
        raise Unreadable("The value was sealed with a data key that this tenant does not have.") from error


def _make(tenant_id: str) -> TenantKey:
    row = TenantKey(tenant_id=tenant_id)
    wrap(os.urandom(KEY_BYTES), row=row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # another process made it at the same moment
        return TenantKey.everywhere.get(tenant_id=tenant_id)
    return row


def _unwrap(row: TenantKey) -> Keys:
    ring_key_id = envelope.key_id(row.wrapped)
    if ring_key_id not in ring().keys:
        raise Unreadable(f"The ring has no key {ring_key_id!r}, which wraps this tenant's data key.")
    keys = envelope.split(ring().keys[ring_key_id])
    return envelope.split(base64.b64decode(envelope.open_sealed(row.wrapped, keys=keys, place=_place(row))))


def _place(row: TenantKey) -> Place:
    return Place(str(row.tenant_id), TenantKey._meta.db_table, "wrapped", str(row.pk))
