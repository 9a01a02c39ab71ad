"""Files of Spark jobs that people gave: kept in the storage under their own checksum, and never changed.

A bundle is the files of one job. `SHA256SUMS` in it lists them as sha256sum does, and the bundle is named by the
checksum of that list; so a reference, `hub:<checksum>/<path>`, says what the file must hold.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import unquote, urlparse

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

SCHEME, FOLDER, SUMS = "hub:", "jobs", "SHA256SUMS"
CHUNK = 1024 * 1024


class Damaged(Exception):
    """A kept file is gone, or is not what was given."""


def keep(files: Mapping[str, IO[bytes]]) -> dict[str, str]:
    """Keep the files of one job; return each one's reference by its path. The same files are kept once."""
    shelf = _shelf()
    shelf.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=shelf, prefix=".draft-"))
    try:
        lines = [f"{_copy(files[path], draft / path)}  {path}\n" for path in sorted(files)]
        _copy(io.BytesIO("".join(lines).encode()), draft / SUMS)
        bundle = hashlib.sha256("".join(lines).encode()).hexdigest()
        # A bundle of this name holds the same, unless it was damaged: then these files take its place.
        if not _is_whole(bundle, files):
            shutil.rmtree(shelf / bundle, ignore_errors=True)
            draft.chmod(0o755)
            draft.rename(shelf / bundle)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return {path: f"{SCHEME}{bundle}/{path}" for path in files}


def is_kept(reference: str) -> bool:
    return reference.startswith(SCHEME)


def path_in_bundle(reference: str) -> str:
    return reference.removeprefix(SCHEME).partition("/")[2]


def checksum(reference: str) -> str:
    """The SHA-256 of a kept file, as it was given. Raises `Damaged`."""
    bundle, path = _parts(reference)
    try:
        listed = (_shelf() / bundle / SUMS).read_text(encoding="utf-8")
    except OSError as error:
        raise Damaged(_GONE.format(path)) from error
    if hashlib.sha256(listed.encode()).hexdigest() == bundle:
        for line in listed.splitlines():
            digest, _, name = line.partition("  ")
            if name == path:
                return digest
    raise Damaged(_CHANGED.format(path))


def place(reference: str) -> Path:
    bundle, path = _parts(reference)
    return _shelf() / bundle / path


def verify(reference: str) -> Path:
    """Where the file is, after a look whether it still is what was given. Raises `Damaged`."""
    file, wanted = place(reference), checksum(reference)
    try:
        about = file.stat()
        found = _digest(file, about.st_size, about.st_mtime_ns)
    except OSError as error:
        raise Damaged(_GONE.format(file.name)) from error
    if found != wanted:
        raise Damaged(_CHANGED.format(file.name))
    return file


_GONE = "The job's file {} is no longer in the hub's storage."
_CHANGED = "The job's file {} in the hub's storage is not the one that was uploaded."


def _parts(reference: str) -> tuple[str, str]:
    bundle, _, path = reference.removeprefix(SCHEME).partition("/")
    if not is_kept(reference) or not bundle.isalnum() or not path or ".." in PurePosixPath(path).parts:
        raise Damaged("The job names no file of the hub's storage.")
    return bundle, path


def _is_whole(bundle: str, paths: Mapping[str, object]) -> bool:
    try:
        return all(verify(f"{SCHEME}{bundle}/{path}") for path in paths)
    except Damaged:
        return False


def _copy(source: IO[bytes], target: Path) -> str:
    """Write a file to the disk, for all to read; return its checksum."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    source.seek(0)
    with target.open("wb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _digest(file: Path, size: int, changed_at: int) -> str:
    """The checksum of a file as it is; read once for each state of it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _shelf() -> Path:
    address = urlparse(settings.STORAGE_URL)
    if address.scheme != "file":
        raise ImproperlyConfigured(f"HUB_STORAGE_URL must begin with file://, not {address.scheme}://.")
    return Path(unquote(address.path)) / FOLDER
