"""Exchanges that show how a call is used: by operation, what is sent and answered, from each app's `examples.json`.

A test makes every one of them, and compares what is answered with what stands there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample

FILE = "api/examples.json"


@dataclass(frozen=True, slots=True)
class Exchange:
    """`request` and `response` are None where nothing is sent or answered."""

    name: str
    status: int
    request: Any = None
    response: Any = None

    def described(self, media_type: str) -> list[OpenApiExample]:
        found = []
        if self.request is not None:
            found.append(OpenApiExample(self.name, self.request, request_only=True, media_type=media_type))
        if self.response is not None:
            status = str(self.status)
            found.append(OpenApiExample(self.name, self.response, response_only=True, status_codes=[status]))
        return found


@cache
def by_operation() -> dict[str, list[Exchange]]:
    files = sorted(Path(settings.BASE_DIR).glob(f"*/{FILE}"))
    return {name: [Exchange(**each) for each in given] for file in files for name, given in _read(file).items()}


def _read(file: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(file.read_text(encoding="utf-8"))
    return found
