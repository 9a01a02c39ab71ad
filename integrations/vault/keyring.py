"""The ring: the keys that wrap the tenants' data keys, newest first, from the environment or a file."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
HOW = "Make one with: python -c \"import os, base64; print('k1=' + base64.b64encode(os.urandom(32)).decode())\""


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by id, newest first."""

    keys: dict[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        return next(iter(self.keys))


def ring() -> Keyring:
    """Return the ring that settings name. Raises ImproperlyConfigured, in words."""
    return _read(settings.KEYS, settings.KEYS_FILE)


def parse(pairs: Iterable[str], source: str) -> Keyring:
    keys: dict[str, bytes] = {}
    for pair in filter(None, (pair.strip() for pair in pairs)):
        key_id, key = _pair(pair, source)
        if key_id in keys:
            raise ImproperlyConfigured(f"{source} has two keys called {key_id!r}. Give each its own id.")
        keys[key_id] = key
    if not keys:
        raise ImproperlyConfigured(f"{source} holds no key, and without one no credential can be sealed. {HOW}")
    return Keyring(keys)


@cache
def _read(pairs: str, path: str) -> Keyring:
    if path:
        return parse(_lines(Path(path)), "HUB_KEYS_FILE")
    return parse(pairs.split(","), "HUB_KEYS")


def _pair(pair: str, source: str) -> tuple[str, bytes]:
    key_id, separator, encoded = re.split(r"([=:])", pair, maxsplit=1) if re.search(r"[=:]", pair) else (pair, "", "")
    if not separator or not KEY_ID.fullmatch(key_id):
        raise ImproperlyConfigured(f"{source} must hold pairs of id=base64, the id of letters, digits, - and _. {HOW}")
    try:
        key = base64.b64decode(encoded, altchars=b"-_" if re.search("[-_]", encoded) else None, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"The key {key_id!r} in {source} is not {KEY_BYTES} bytes in base64. {HOW}")
    return key_id, key


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    except OSError as error:
        raise ImproperlyConfigured(f"HUB_KEYS_FILE names {path}, which cannot be read: {error.strerror}.") from error


def advice(path: str) -> str:
    """Say what is unwise about the ring's file; empty when nothing is."""
    if path and Path(path).exists() and Path(path).stat().st_mode & 0o077:
        return f"Other users can read {path}, which holds the hub's keys. Run: chmod 600 {path}"
    return ""
