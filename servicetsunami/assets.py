"""Serves what npm's packages bring to the pages: exactly the files listed here, nothing else of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

FILES = {
    "vendor/tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "vendor/tabler.min.css.map": "@tabler/core/dist/css/tabler.min.css.map",
}


class PackageFinder(BaseFinder):
    """Finds the files of FILES below the folder that npm installed into."""

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        place = self._place(path)
        found = [str(place)] if place and place.exists() else []
        return found[0] if found and not find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[tuple[str, FileSystemStorage]]:
        for path in FILES:
            if (place := self._place(path)) and place.exists():
                yield path, _Renamed(path, place)

    def _place(self, path: str) -> Path | None:
        return Path(settings.PACKAGES_DIR) / FILES[path] if path in FILES else None


class _Renamed(FileSystemStorage):
    """One file under another name, for `collectstatic`."""

    def __init__(self, path: str, place: Path) -> None:
        super().__init__(location=str(place.parent))
        self.renamed = {path: place}

    def path(self, name: str) -> str:
        return str(self.renamed[name])
