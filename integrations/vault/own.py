"""Seal what belongs to no tenant, with a data key of the hub's own that stands beside the canary."""

from __future__ import annotations

import base64
import os

from django.db import transaction

from integrations.vault import Unreadable, canary, envelope, keyring
from integrations.vault.envelope import Keys, Place
from integrations.vault.models import VaultCanary

KEY_ID = "own"
PLACE = Place("", VaultCanary._meta.db_table, "own_key", "1")
_unwrapped: dict[str, Keys] = {}
"""By their wrapping, in this process: unwrapping costs, and a wrapped key never becomes another."""


def seal(text: str, table: str, column: str) -> str:
    return envelope.seal(text, keys=_keys(_wrapped()), key_id=KEY_ID, place=Place("", table, column, ""))


def opened(sealed: str, table: str, column: str) -> str:
    """Raises `Unreadable`."""
    return str(envelope.open_sealed(sealed, keys=_keys(_wrapped()), place=Place("", table, column, "")))


def rewrap(row: VaultCanary) -> None:
    """Have the newest key of the ring wrap the hub's own; the caller holds the row and saves it."""
    if row.own_key:
        row.own_key = _wrap(_unwrap(row.own_key), keyring.ring().newest)


def _wrapped() -> str:
    row = VaultCanary.objects.filter(pk=1).first()
    return row.own_key if row and row.own_key else _make()


def _make() -> str:
    canary.check()  # there is none before the hub's first start
    with transaction.atomic():
        row = VaultCanary.objects.select_for_update().get(pk=1)
        if not row.own_key:
            row.own_key = _wrap(os.urandom(keyring.KEY_BYTES), row.ring_key_id)
            row.save(update_fields=["own_key"])
        return row.own_key


def _keys(wrapped: str) -> Keys:
    if wrapped not in _unwrapped:
        _unwrapped[wrapped] = envelope.split(_unwrap(wrapped))
    return _unwrapped[wrapped]


def _wrap(key: bytes, ring_key_id: str) -> str:
    return envelope.seal(
        base64.b64encode(key).decode(), keys=_of_the_ring(ring_key_id), key_id=ring_key_id, place=PLACE
    )


def _unwrap(wrapped: str) -> bytes:
    keys = _of_the_ring(envelope.key_id(wrapped))
    return base64.b64decode(envelope.open_sealed(wrapped, keys=keys, place=PLACE))


def _of_the_ring(key_id: str) -> Keys:
    key = keyring.find(key_id)
    if key is None:
        raise Unreadable(f"The ring has no key {key_id!r}, which wraps the hub's own data key.")
    return envelope.split(key)


def forget() -> None:
    """Empty this process's memory of the key."""
    _unwrapped.clear()
