"""Take secrets out of texts and JSON before they are kept or shown."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 4
"""Shorter strings stand in texts by chance; masking them would only make the texts unreadable."""
SHORTEST_LINE = 8


class Mask:
    """Knows a run's secrets, also as URLs, JSON, base64 and log lines would spell them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        parts = {part for secret in secrets for part in _parts(secret)}
        known = {spelling for part in parts for spelling in _spellings(part) if len(spelling) >= SHORTEST}
        longest_first = sorted(known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __repr__(self) -> str:
        return "Mask(...)"

    def text(self, value: str) -> str:
        return self._pattern.sub(MASK, value) if self._pattern else value

    def json(self, value: Any) -> Any:
        """Return the same value with secrets out of every string in it, keys included."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.json(key): self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
        return value


def _parts(secret: str) -> Iterator[str]:
    """The secret, and each line of one that has many: logs are read line by line."""
    if len(secret) >= SHORTEST:
        yield secret
    lines = [line.strip() for line in secret.splitlines()]
    if len(lines) > 1:
        # The first and last line of a key in PEM say nothing.
        yield from (line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----"))


def _spellings(secret: str) -> set[str]:
    quoted = {
        quote(secret, errors="replace"),
        quote(secret, safe="", errors="replace"),
        quote_plus(secret, errors="replace"),
    }
    lower = {re.sub("%..", lambda escape: escape[0].lower(), text) for text in quoted}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    slashed = {text.replace("/", "\\/") for text in escaped}
    return {secret, html.escape(secret), *quoted, *lower, *escaped, *slashed, *_in_base64(secret)}


def _in_base64(secret: str) -> Iterator[str]:
    """What of a base64 text the secret alone decides, wherever it stands in what was encoded: `user:secret` too."""
    raw = secret.encode("utf-8", "replace")
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        inner = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        yield from (inner, inner.translate(str.maketrans("+/", "-_")))
    for whole in (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()):
        yield from (whole, whole.rstrip("="))
