"""Bodies in JSON, refused in words when they are too large, too deep, or hold what no database can keep."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from tenants.api.problems import too_large

MOST_VALUES, MOST_LEVELS, MOST_DIGITS, MOST_NAME = 20_000, 100, 100, 1_000
"""Small bodies can hold what takes long to judge: a million empty lists, or a number of a million digits."""


class JSONParser(parsers.JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = read_limited(stream)
        encoding = (parser_context or {}).get("encoding") or "utf-8"
        try:
            value = json.loads(
                raw.decode(codecs.lookup(encoding).name),
                parse_constant=_refuse_constant,
                parse_int=_whole,
            )
            if b"\\u" in raw:
                json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except (ValueError, LookupError) as error:
            raise ParseError(f"The body is not JSON: {_where(error)}.") from None
        _judge(value, may_hold_nul=b"\\u0000" in raw)
        return value


def read_limited(stream: IO[Any]) -> bytes:
    """The whole body. Raises the problem of one that is too large."""
    largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    raw: bytes = stream.read(largest + 1)
    if len(raw) > largest:
        raise too_large()
    return raw


def _judge(value: Any, *, may_hold_nul: bool) -> None:
    """Look at the value level by level: a bomb must not be met by a function that calls itself."""
    count, level = 1, [value]
    for _ in range(MOST_LEVELS):
        if may_hold_nul and any(isinstance(each, str) and "\0" in each for each in level):
            raise ParseError("A text holds the character NUL (\\u0000), which cannot be stored. Leave it out.")
        level = [inner for each in level for inner in _inner(each)]
        count += len(level)
        if count > MOST_VALUES:
            raise ParseError(f"The body holds more than {MOST_VALUES:,} values and names. Send it in parts.")
        if not level:
            return
    raise ParseError(f"The JSON is nested too deeply: {MOST_LEVELS} levels are taken.")


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if any(len(name) > MOST_NAME for name in value):
            raise ParseError(f"A name in an object is longer than {MOST_NAME:,} characters.")
        yield from value
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits")
    return int(text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[0].lower()}{error.msg[1:]} (line {error.lineno}, column {error.colno})"
    # A codec's message quotes what it could not read.
    return "it is not text in the encoding it names" if isinstance(error, (UnicodeError, LookupError)) else str(error)
