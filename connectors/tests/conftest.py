from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants.models import User

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'
MANIFEST: dict[str, Any] = {
    "slug": "numbers",
    "name": "Numbers",
    "summary": "Counts.",
    "description": "Counts up to a number.",
    "categories": ["spark", "generator"],
    "type": "spark",
    "version": "1.0.0",
    "schema": {
        "credential": {"type": "object", "properties": {}},
        "config": {
            "type": "object",
            "properties": {"limit": {"type": "integer", "title": "Limit", "description": "The last.", "default": 3}},
        },
    },
    "spark": {"kind": "python", "entry": "job.py"},
}

Write = Callable[..., Path]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


@pytest.fixture
def write(shelf: Path) -> Write:
    """Write a connector's folder that is well, but for what is given; a file that is None is left out."""

    def folder(slug: str = "numbers", files: dict[str, str | None] | None = None, **changes: Any) -> Path:
        manifest = {**MANIFEST, "slug": slug, **changes}
        contents = {
            "connector.json": json.dumps({key: value for key, value in manifest.items() if value is not None}),
            "job.py": "print('hello')\n",
            "logo.svg": DRAWING,
            "README.md": f"# {manifest['name']}\n\n" + "It counts, and says what it counted. " * 8,
            **(files or {}),
        }
        (shelf / slug).mkdir(exist_ok=True)
        for name, text in contents.items():
            path = shelf / slug / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(text, encoding="utf-8")
        return shelf / slug

    return folder


@pytest.fixture
def as_user() -> Callable[[User], APIClient]:
    def client(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return client
