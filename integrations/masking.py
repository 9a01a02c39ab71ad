"""Take secrets out of texts and JSON before they are kept or shown."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "•••"
SHORTEST = 4
"""Shorter strings stand in texts by chance; masking them would only make the texts unreadable."""


class Mask:
    """Knows a run's secrets, also as URLs, JSON and HTTP's basic scheme would spell them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {spelling for secret in secrets if len(secret) >= SHORTEST for spelling in _spellings(secret)}
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
                return {self.text(key): self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
        return value


def _spellings(secret: str) -> set[str]:
    raw = secret.encode()
    plain, url_safe = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, plain, plain.rstrip("="), url_safe, *quoted, *escaped}
