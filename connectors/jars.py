"""What a jar says of itself: its main class, and whether it holds a class at all."""

from __future__ import annotations

import zipfile
from typing import IO

MANIFEST = "META-INF/MANIFEST.MF"
MOST_BYTES = 64 * 1024


def main_class(file: IO[bytes]) -> str:
    """The class that the jar's own manifest names; empty when it names none."""
    with zipfile.ZipFile(file) as jar:
        if MANIFEST not in jar.namelist():
            return ""
        with jar.open(MANIFEST) as stream:
            text = stream.read(MOST_BYTES).decode("utf-8", errors="replace")
    # A line that begins with a space goes on where the one before it ended.
    lines = text.replace("\r\n", "\n").replace("\n ", "").split("\n")
    return next((line.partition(":")[2].strip() for line in lines if line.lower().startswith("main-class:")), "")


def holds(file: IO[bytes], name: str) -> bool:
    with zipfile.ZipFile(file) as jar:
        return f"{name.replace('.', '/')}.class" in jar.namelist()
