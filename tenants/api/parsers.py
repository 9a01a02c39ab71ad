"""Bodies in JSON, refused in words when they are too large, too deep, or hold text no database can keep."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from tenants.api.problems import too_large


class JSONParser(parsers.JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        largest = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw: bytes = stream.read(largest + 1)
        if len(raw) > largest:
            raise too_large()
        encoding = (parser_context or {}).get("encoding") or "utf-8"
        try:
            value = json.loads(raw.decode(codecs.lookup(encoding).name), parse_constant=_refuse_constant)
            if b"\\u" in raw:
                json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        except (ValueError, LookupError) as error:
            raise ParseError(f"The body is not JSON: {_where(error)}.") from None
        if b"\\u0000" in raw and _has_nul(value):
            raise ParseError("A text holds the character NUL (\\u0000), which cannot be stored. Leave it out.")
        return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[0].lower()}{error.msg[1:]} (line {error.lineno}, column {error.colno})"
    # A codec's message quotes what it could not read.
    return "it is not text in the encoding it names" if isinstance(error, (UnicodeError, LookupError)) else str(error)


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(name) or _has_nul(inner) for name, inner in value.items())
    return isinstance(value, list) and any(_has_nul(inner) for inner in value)
