"""The ring: the keys that wrap the tenants' data keys, newest first, from the environment, a file or a command."""

from __future__ import annotations

import base64
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

log = structlog.get_logger(__name__)

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""Shorter than any key in base64: a key that was given without an id is not taken for one and named."""
COMMAND_SECONDS = 20
REREAD_SECONDS = 10
HOW = "Make one with: python -c \"import os, base64; print('k1=' + base64.b64encode(os.urandom(32)).decode())\""


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by id, newest first."""

    keys: dict[str, bytes] = field(repr=False)

    @property
    def newest(self) -> str:
        return next(iter(self.keys))


class Source(NamedTuple):
    """Where the ring is read from: the first of these that is set."""

    command: str
    path: str
    pairs: str

    @property
    def name(self) -> str:
        return "HUB_KEYS_COMMAND" if self.command else "HUB_KEYS_FILE" if self.path else "HUB_KEYS"


_rings: dict[Source, Keyring] = {}
_reread_at = -float(REREAD_SECONDS)


def ring() -> Keyring:
    """Return the ring that settings name, as it was first read. Raises ImproperlyConfigured, in words."""
    source = _source()
    if source not in _rings:
        _rings[source] = _read(source)
    return _rings[source]


def find(key_id: str) -> bytes | None:
    """Return a key of the ring, reading its source again for one that it does not have: keys come while hubs run."""
    found = ring().keys.get(key_id)
    if found is None and _is_time_to_reread():
        try:
            _rings[_source()] = _read(_source())
        except ImproperlyConfigured as error:  # the ring as it was read before still opens the rest
            log.warning("ring_not_reread", reason=str(error))
        found = ring().keys.get(key_id)
    return found


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


def advice(path: str) -> str:
    """Say what is unwise about the ring's file; empty when nothing is."""
    if path and Path(path).exists() and Path(path).stat().st_mode & 0o077:
        return f"Other users can read {path}, which holds the hub's keys. Run: chmod 600 {path}"
    return ""


def _source() -> Source:
    return Source(settings.KEYS_COMMAND, settings.KEYS_FILE, settings.KEYS)


def _read(source: Source) -> Keyring:
    if source.command:
        return parse(_lines(_printed(source.command)), source.name)
    if source.path:
        return parse(_lines(_written(Path(source.path))), source.name)
    return parse(source.pairs.split(","), source.name)


def _is_time_to_reread() -> bool:
    global _reread_at
    if _source().name == "HUB_KEYS" or time.monotonic() - _reread_at < REREAD_SECONDS:
        return False
    _reread_at = time.monotonic()
    return True


def _pair(pair: str, source: str) -> tuple[str, bytes]:
    key_id, separator, encoded = re.split(r"([=:])", pair, maxsplit=1) if re.search(r"[=:]", pair) else (pair, "", "")
    if not separator or not KEY_ID.fullmatch(key_id):
        raise ImproperlyConfigured(f"{source} must hold pairs of id=base64, the id of letters, digits, - and _. {HOW}")
    try:
        key = base64.b64decode(encoded, altchars=b"-_" if re.search("[-_]", encoded) else None, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        # What a command prints may be anything, a secret of its own included.
        which = "A key" if source == "HUB_KEYS_COMMAND" else f"The key {key_id!r}"
        raise ImproperlyConfigured(f"{which} in {source} is not {KEY_BYTES} bytes in base64. {HOW}")
    return key_id, key


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.lstrip().startswith("#")]


def _written(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ImproperlyConfigured(f"HUB_KEYS_FILE names {path}, which cannot be read: {reason}.") from error


def _printed(command: str) -> str:
    """Run the command without a shell. What it prints, errors included, is never shown: it may hold keys."""
    try:
        words = shlex.split(command)
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except ValueError as error:
        raise ImproperlyConfigured("HUB_KEYS_COMMAND is no command: a quotation mark is not closed.") from error
    except OSError as error:
        raise ImproperlyConfigured(
            f"HUB_KEYS_COMMAND names {words[0]}, which cannot be run: {error.strerror}."
        ) from error
    with process:
        try:
            output, _ = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise ImproperlyConfigured(f"HUB_KEYS_COMMAND did not end within {COMMAND_SECONDS} s.") from error
    if process.returncode:
        raise ImproperlyConfigured(
            f"HUB_KEYS_COMMAND ended with exit code {process.returncode}. Run it by hand to see what it says."
        )
    try:
        return output.decode()
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"HUB_KEYS_COMMAND printed no text. {HOW}") from error
