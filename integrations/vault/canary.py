"""Refuse to work with a ring that cannot open what is sealed."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from integrations.vault import Unreadable, envelope, keyring, locks
from integrations.vault.models import TenantKey, VaultCanary
from tenants.scope import platform

SONG = "the ring is right"
PLACE = envelope.Place("", VaultCanary._meta.db_table, "sealed", "1")
SOURCES = "HUB_KEYS, HUB_KEYS_FILE or what HUB_KEYS_COMMAND prints"


def check() -> None:
    """Make the canary the first time; later raise ImproperlyConfigured, in words, when the ring cannot open it."""
    row = VaultCanary.objects.filter(pk=1).first() or _make()
    with platform():
        wrapping = TenantKey.everywhere.order_by().values_list("ring_key_id", flat=True).distinct()
        needed = {row.ring_key_id, *wrapping}
    if missing := sorted(key_id for key_id in needed if keyring.find(key_id) is None):
        raise ImproperlyConfigured(
            f"The vault was sealed with the key {', '.join(map(repr, missing))}, which the ring does not have "
            f"(it has: {', '.join(keyring.ring().keys)}). Add that key to {SOURCES}."
        )
    try:
        envelope.open_sealed(row.sealed, keys=envelope.split(keyring.ring().keys[row.ring_key_id]), place=PLACE)
    except Unreadable as error:
        raise ImproperlyConfigured(
            f"The key {row.ring_key_id!r} of the ring is not the one the vault was sealed with, though its id is the "
            f"same. Put the right key back into {SOURCES}."
        ) from error


def held() -> VaultCanary:
    """Return the canary, which does not change until this transaction ends."""
    return locks.shared(VaultCanary.objects.filter(pk=1)) or _make()


def sing(row: VaultCanary) -> None:
    """Seal the canary with the newest key of the ring; the caller saves it."""
    keys = keyring.ring()
    row.ring_key_id = keys.newest
    row.sealed = envelope.seal(SONG, keys=envelope.split(keys.keys[keys.newest]), key_id=keys.newest, place=PLACE)


def _make() -> VaultCanary:
    row = VaultCanary()
    sing(row)
    defaults = {"ring_key_id": row.ring_key_id, "sealed": row.sealed}
    return VaultCanary.objects.get_or_create(pk=1, defaults=defaults)[0]
