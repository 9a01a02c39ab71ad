"""Refuse to work with a ring that cannot open what is sealed."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from integrations.vault import Unreadable, envelope
from integrations.vault.keyring import Keyring, ring
from integrations.vault.models import TenantKey, VaultCanary

SONG = "the ring is right"
PLACE = envelope.Place("", VaultCanary._meta.db_table, "sealed", "1")


def check() -> None:
    """Make the canary the first time; later raise ImproperlyConfigured, in words, when the ring cannot open it."""
    keys = ring()
    row = VaultCanary.objects.filter(pk=1).first() or _make(keys)
    needed = {row.ring_key_id, *TenantKey.everywhere.order_by().values_list("ring_key_id", flat=True).distinct()}
    if missing := sorted(needed - keys.keys.keys()):
        raise ImproperlyConfigured(
            f"The vault was sealed with the key {', '.join(map(repr, missing))}, which the ring does not have "
            f"(it has: {', '.join(keys.keys)}). Add that key to HUB_KEYS or HUB_KEYS_FILE."
        )
    try:
        envelope.open_sealed(row.sealed, keys=envelope.split(keys.keys[row.ring_key_id]), place=PLACE)
    except Unreadable as error:
        raise ImproperlyConfigured(
            f"The key {row.ring_key_id!r} of the ring is not the one the vault was sealed with, though its id is the "
            "same. Put the right key back into HUB_KEYS or HUB_KEYS_FILE."
        ) from error


def _make(keys: Keyring) -> VaultCanary:
    sealed = envelope.seal(SONG, keys=envelope.split(keys.keys[keys.newest]), key_id=keys.newest, place=PLACE)
    row, _ = VaultCanary.objects.get_or_create(pk=1, defaults={"ring_key_id": keys.newest, "sealed": sealed})
    return row
