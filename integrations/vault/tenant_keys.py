"""The tenants' data keys: made on first use, wrapped by the ring, unwrapped once per process."""

from __future__ import annotations

import base64
import os
from functools import lru_cache
from uuid import UUID

from django.db import IntegrityError, transaction

from integrations.vault import Unreadable, envelope
from integrations.vault.keyring import KEY_BYTES, ring
from integrations.vault.models import TenantKey

KEPT = 4096
_Keys = tuple[str, tuple[bytes, bytes]]


def of_tenant(tenant_id: UUID) -> _Keys:
    """Return the id of the tenant's data key and its two halves, making it if there is none yet.

    The row is read each time: a key that a rolled back transaction made must not seal anything afterwards.
    """
    row = TenantKey.everywhere.filter(tenant_id=tenant_id).first() or _make(tenant_id)
    return str(row.pk), _unwrap(row.wrapped, str(tenant_id), str(row.pk))


def wrap(key: bytes, *, tenant_id: str, row_id: str, ring_key_id: str) -> str:
    keys = envelope.split(ring().keys[ring_key_id])
    encoded = base64.b64encode(key).decode()
    return envelope.seal(encoded, keys=keys, key_id=ring_key_id, place=_place(tenant_id, row_id))


def _make(tenant_id: UUID) -> TenantKey:
    row = TenantKey(tenant_id=tenant_id, ring_key_id=ring().newest)
    row.wrapped = wrap(
        os.urandom(KEY_BYTES), tenant_id=str(tenant_id), row_id=str(row.pk), ring_key_id=row.ring_key_id
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:  # another process made it at the same moment
        return TenantKey.everywhere.get(tenant_id=tenant_id)
    return row


@lru_cache(maxsize=KEPT)
def _unwrap(wrapped: str, tenant_id: str, row_id: str) -> tuple[bytes, bytes]:
    ring_key_id = envelope.key_id(wrapped)
    if ring_key_id not in ring().keys:
        raise Unreadable(f"The ring has no key {ring_key_id!r}, which wraps this tenant's data key.")
    keys = envelope.split(ring().keys[ring_key_id])
    encoded = envelope.open_sealed(wrapped, keys=keys, place=_place(tenant_id, row_id))
    return envelope.split(base64.b64decode(encoded))


def _place(tenant_id: str, row_id: str) -> tuple[str, ...]:
    return (tenant_id, TenantKey._meta.db_table, "wrapped", row_id)
