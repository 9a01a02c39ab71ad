"""Zip archives, judged by their table of contents before a byte of them is unpacked."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

from connectors.uploads import names
from connectors.uploads.errors import Unfit

MEGABYTE = 1024 * 1024
ENTRY, MOST_ENTRIES = b"PK\x01\x02", 200_000
"""What begins each entry of the table of contents, and how many are read at all."""
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED = 0x1
LITTER = ("__MACOSX", ".DS_Store", "Thumbs.db")
"""What desktops add to archives unasked."""


@dataclass(frozen=True, slots=True)
class Limits:
    bytes: int
    """Of the archive itself."""
    unpacked_bytes: int
    members: int
    ratio: int = 100
    """Unpacked bytes for each packed one; whatever unpacks to less than a megabyte is no bomb."""


FOLDER = Limits(bytes=20 * MEGABYTE, unpacked_bytes=50 * MEGABYTE, members=200)
"""A connector's folder: a manifest, a workflow or some scripts or a jar, a drawing, a page to read."""


def unpack(content: bytes) -> dict[str, bytes]:
    """Read a connector's folder into memory: each file's path below the folder, with its bytes. Raises `Unfit`.

    A folder around everything, as most programs add one, is taken off.
    """
    with opened(io.BytesIO(content), FOLDER) as archive:
        files = [member for member in archive.infolist() if not member.is_dir() and not _is_litter(member.filename)]
        if twice := _twice([member.filename for member in files]):
            raise Unfit(f"{twice[:80]!r} is in the archive twice, or is both a file and a folder. Keep one.")
        if not files:
            raise Unfit("The archive is empty: put the files of one connector into it.")
        around = _around([member.filename for member in files])
        return {member.filename.removeprefix(around): _read(archive, member) for member in files}


@contextmanager
def opened(file: IO[bytes], limits: Limits) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose contents are within the limits. Raises `Unfit`."""
    size = file.seek(0, io.SEEK_END)
    if size > limits.bytes:
        raise Unfit(f"The archive is larger than {limits.bytes // MEGABYTE} MB.")
    # The table is read as a whole when the archive is opened, so its entries are counted before.
    if _count(file, ENTRY) > MOST_ENTRIES:
        raise Unfit(f"The archive has more than {limits.members:,} members.")
    try:
        with zipfile.ZipFile(file) as archive:
            _judge(archive.infolist(), size, limits)
            yield archive
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, UnicodeDecodeError, OSError) as error:
        raise Unfit("It is no zip archive, or a damaged one: pack it again.") from error


def _judge(members: Sequence[zipfile.ZipInfo], size: int, limits: Limits) -> None:
    if len(members) > limits.members:
        raise Unfit(f"The archive has more than {limits.members:,} members.")
    for member in members:
        if found := _problem(member):
            raise Unfit(f"{member.filename[:80]!r} cannot be taken. {found}")
    total = sum(member.file_size for member in members)
    if total > limits.unpacked_bytes or total > max(size * limits.ratio, MEGABYTE):
        raise Unfit(f"The archive would unpack to {total / MEGABYTE:,.0f} MB, which is more than its kind needs.")


def _problem(member: zipfile.ZipInfo) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "It is a link or a device: put the file itself into the archive."
    if member.flag_bits & ENCRYPTED:
        return "It is encrypted: pack it without a password."
    if member.compress_type not in METHODS:
        return "It is packed in a rare way: use the zip format's usual deflate."
    # Zip files cut a name at its first NUL: the name as it was written is judged.
    return names.problem(member.orig_filename)


def _twice(files: list[str]) -> str:
    """Find a file whose place is taken by another one, or by a folder, on disks that know no case."""
    keys = [names.folded(name) for name in files]
    folders = {str(parent) for key in keys for parent in PurePosixPath(key).parents}
    counts = Counter(keys)
    return next((name for name, key in zip(files, keys, strict=True) if counts[key] > 1 or key in folders), "")


def _is_litter(name: str) -> bool:
    return any(part in LITTER for part in name.split("/"))


def _around(files: list[str]) -> str:
    first, slash, _ = files[0].partition("/")
    around = f"{first}{slash}"
    return around if slash and all(name.startswith(around) for name in files) else ""


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    # No more comes out than the table says, and the table was judged; the checksum is compared at the end.
    with archive.open(member) as file:
        return file.read()


def _count(file: IO[bytes], mark: bytes) -> int:
    file.seek(0)
    found, tail = 0, b""
    while chunk := file.read(MEGABYTE):
        found += (tail + chunk).count(mark)
        tail = chunk[1 - len(mark) :]
    return found
