"""What was read of an n8n, kept by its version: it is large, and the same until n8n is another."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class UnderWay(Exception):
    """Another discovery on this machine has not ended yet."""


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of all versions."""

    folder: Path

    def file(self, version: str, what: str) -> Path:
        """Where the descriptions of nodes or credentials of that n8n are, or will be."""
        safe = re.sub(r"[^0-9A-Za-z.-]", "_", version) or "unknown"
        return self.folder / safe.lstrip(".") / f"{what}.json"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One discovery at a time. Raises `UnderWay`; a process that died holds nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UnderWay from None
            yield
