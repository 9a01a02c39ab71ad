"""What files may be called: names that mean the same in every archive, folder and header."""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath

MOST_CHARACTERS, MOST_BYTES = 500, 250
"""Of a whole path, and of one of its parts, which disks limit."""
FORBIDDEN = frozenset('\\:*?"<>|')
"""Separators, drives and wildcards of other systems."""


def problem(name: str) -> str:
    """Say why a path of an archive may not be used; empty when it may. A folder's name ends with a slash."""
    path = name.removesuffix("/")
    if len(path) > MOST_CHARACTERS or any(len(part.encode()) > MOST_BYTES for part in path.split("/")):
        return "Its name is too long."
    if any(unicodedata.category(each).startswith("C") for each in path):
        return "Its name holds a control character."
    if FORBIDDEN.intersection(path):
        return f"Its name holds one of {' '.join(sorted(FORBIDDEN))}"
    if not path or path.startswith("/") or str(PurePosixPath(path)) != path or ".." in path.split("/"):
        return "Its name leads out of the archive, or goes in circles."
    return ""


def folded(name: str) -> str:
    """What is the same file on disks that know no case."""
    return unicodedata.normalize("NFKC", name.removesuffix("/")).casefold()
