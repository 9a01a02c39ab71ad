"""Which line of a JSON text a pointer leads to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.schemas.values import below

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_NEVER_JSON = ("NaN", "Infinity", "-Infinity")


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong at one line, counted from 1, of a JSON text."""

    line: int
    pointer: str
    detail: str


@dataclass(slots=True)
class Lines:
    """The line of each value by its pointer, a member's at its key; and what a parser would silently let pass."""

    at: dict[str, int] = field(default_factory=dict)
    errors: list[LineError] = field(default_factory=list)

    def of(self, pointer: str) -> int:
        """The line of what the pointer names, or of the nearest thing around it that is there."""
        while pointer and pointer not in self.at:
            pointer = pointer.rpartition("/")[0]
        return self.at.get(pointer, 1)


def lines(text: str) -> Lines:
    """Walk over valid JSON. A key given twice, NaN, and texts that no database keeps are errors."""
    found = Lines()
    # The way from the root: an index in a list, a key in an object, None where an object's key comes next.
    path: list[str | int | None] = []
    for line, piece in _tokens(text):
        if piece in "]}":
            path.pop()
        elif piece == ",":
            here = path[-1]
            path[-1] = here + 1 if isinstance(here, int) else None
        elif path and path[-1] is None:
            path[-1] = str(json.loads(piece))
            _mark(found, path, line)
            _judge(found, path, line, piece)
        elif piece != ":":
            if not path or isinstance(path[-1], int):
                _mark(found, path, line)
            _judge(found, path, line, piece)
            if piece in "[{":
                path.append(0 if piece == "[" else None)
    return found


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    line, before = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", before, match.start())
        before = match.start()
        yield line, match[0]


def _mark(found: Lines, path: list[str | int | None], line: int) -> None:
    pointer = _pointer(path)
    is_inside = any(pointer.startswith(f"{error.pointer}/") for error in found.errors)
    if pointer in found.at and not is_inside:
        found.errors.append(LineError(line, pointer, "This key is given twice in one object: keep one."))
    found.at[pointer] = line


def _judge(found: Lines, path: list[str | int | None], line: int, piece: str) -> None:
    if piece in _NEVER_JSON:
        found.errors.append(LineError(line, _pointer(path), f"{piece} is no JSON: write a number."))
    elif piece.startswith('"') and any(each == "\0" or "\ud800" <= each <= "\udfff" for each in json.loads(piece)):
        found.errors.append(LineError(line, _pointer(path), "This text holds a character that cannot be stored."))


def _pointer(path: list[str | int | None]) -> str:
    return below("", *(part for part in path if part is not None))
