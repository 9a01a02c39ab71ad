"""file:///path: a file below the folder that the settings name, or with #key a value of the JSON object in it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from urllib.parse import unquote

from django.conf import settings

from integrations.external.tenancy import NotAllowed, in_path

MOST_BYTES = 1_000_000


def check(name: str, key: str, tenant: str) -> None:
    _below(name, tenant)


def read(name: str, key: str, tenant: str, max_age_seconds: float) -> str:
    path, folder = _below(name, tenant)
    text = _text(_real(path, folder))
    return _value(text, key) if key else text.removesuffix("\n").removesuffix("\r")


def _below(name: str, tenant: str) -> tuple[Path, Path]:
    """The path that is meant and the folder that it stands in, by their names alone."""
    if not settings.SECRETS_DIR:
        raise NotAllowed("This hub lets no credential refer to files (HUB_SECRETS_DIR is not set).")
    folder, path = Path(in_path(settings.SECRETS_DIR, tenant)), Path(unquote(name))
    if "\0" in str(path) or ".." in path.parts or path == folder or not path.is_relative_to(folder):
        raise NotAllowed(f"Only files below {folder} can be referred to.")
    return path, folder


def _real(path: Path, folder: Path) -> Path:
    """Follow links as long as they stay below the folder, as those of a mounted secret do."""
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise LookupError("There is no such file, or the hub may not look for it.") from None
    if not real.is_relative_to(folder.resolve()):
        raise NotAllowed(f"The file is a link that leads out of {folder}.")
    return real


def _text(path: Path) -> str:
    content = _content(path)
    if len(content) > MOST_BYTES:
        raise LookupError(f"The file is larger than {MOST_BYTES:,} bytes.")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise LookupError("The file holds no text in UTF-8.") from None


def _content(path: Path) -> bytes:
    try:
        # A pipe must not block, and a link put here this moment must not be followed.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise LookupError(f"The hub cannot open the file: {error.strerror}.") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise LookupError("It is no file.")
        return os.read(descriptor, MOST_BYTES + 1)
    finally:
        os.close(descriptor)


def _value(text: str, key: str) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise LookupError("The file holds no JSON, in which the key could be.") from None
    value = content.get(unquote(key)) if isinstance(content, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise LookupError("The file's JSON has no text at that key.")
    return str(value)
