"""A driver's stdout and stderr in pages: the cursor is how many bytes of each were read."""

from __future__ import annotations

from integrations.domain import LogPage
from integrations.engines.spark.rundir import STREAMS, RunDirectory

PAGE_BYTES = 128 * 1024
MOST_DIGITS = 18
"""Of a place in a file; more are no place that an operating system knows."""


def page(directory: RunDirectory, cursor: str, *, is_over: bool) -> LogPage:
    """Return the whole lines after the cursor; of a driver that is over also a last line without an end."""
    lines: list[str] = []
    offsets: list[int] = []
    is_read = True
    for name, offset in zip(STREAMS, parse(cursor), strict=True):
        chunk, is_rest = _read(directory, name, offset)
        taken = chunk if is_over and is_rest else _whole_lines(chunk)
        lines += taken.decode(errors="replace").splitlines()
        offsets.append(offset + len(taken))
        is_read = is_read and is_rest and len(taken) == len(chunk)
    return LogPage(tuple(lines), ":".join(map(str, offsets)), is_over and is_read)


def parse(cursor: str) -> list[int]:
    """Read "stdout:stderr"; anything else means from the start."""
    parts = cursor.split(":")
    if len(parts) == len(STREAMS) and all(part.isdecimal() and len(part) <= MOST_DIGITS for part in parts):
        return [int(part) for part in parts]
    return [0] * len(STREAMS)


def _read(directory: RunDirectory, name: str, offset: int) -> tuple[bytes, bool]:
    """Return one page of a stream from `offset`, and whether that is all there is."""
    try:
        with (directory.path / name).open("rb") as file:
            file.seek(offset)
            chunk = file.read(PAGE_BYTES)
            return chunk, not file.read(1)
    except FileNotFoundError:
        return b"", True


def _whole_lines(chunk: bytes) -> bytes:
    """Cut after the last line's end. A line longer than a page is shown in parts."""
    end = chunk.rfind(b"\n") + 1
    return chunk[:end] if end or len(chunk) < PAGE_BYTES else chunk
