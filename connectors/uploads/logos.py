"""Logos: drawings that run nothing and fetch nothing, or small pictures that are whole and nothing else."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors import svg
from connectors.uploads.errors import Unfit

MOST_PNG_BYTES = 256 * 1024
SIDE = range(16, 1025)
MAGIC = b"\x89PNG\r\n\x1a\n"
BAD_PNG = "The picture is damaged, or something is hidden in it: save it again as a PNG."


@dataclass(frozen=True, slots=True)
class Logo:
    media_type: str
    content: bytes = field(repr=False)


def picture(content: bytes) -> Logo:
    """Tell what kind of picture it is by what is in it, whatever its name says. Raises `Unfit`."""
    if content.startswith(MAGIC):
        _png(content)
        return Logo("image/png", content)
    if len(content) > svg.MAX_BYTES:
        raise Unfit(f"A logo is an SVG of at most {svg.MAX_BYTES // 1024} KB or a PNG of at most 256 KB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unfit("A logo is an SVG (in UTF-8) or a PNG.") from error
    if problems := svg.problems(text):
        raise Unfit(" ".join(problems[:5]))
    return Logo("image/svg+xml", text.encode())


def _png(content: bytes) -> None:
    if len(content) > MOST_PNG_BYTES:
        raise Unfit(f"The picture is larger than {MOST_PNG_BYTES // 1024} KB.")
    kinds, header = [], b""
    for kind, body in _chunks(content):
        kinds.append(kind)
        header = header or body
    if kinds[:1] != [b"IHDR"] or len(header) != 13 or b"IDAT" not in kinds:
        raise Unfit(BAD_PNG)
    width, height = struct.unpack(">II", header[:8])
    if width not in SIDE or height not in SIDE:
        raise Unfit(f"The picture has {width} x {height} pixels: a side has {SIDE.start} to {SIDE.stop - 1}.")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks up to the last one, whose end is the end of the file. Raises `Unfit`."""
    at = len(MAGIC)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        at += 12 + length
        if content[at - 4 : at] != zlib.crc32(kind + body).to_bytes(4, "big"):
            raise Unfit(BAD_PNG)
        yield kind, body
        if kind == b"IEND" and at == len(content):
            return
    raise Unfit(BAD_PNG)
