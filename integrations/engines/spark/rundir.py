"""The folder of one attempt: what the hub and its driver leave there for each other."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from integrations.domain import Json
from integrations.engines.spark import process

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
STREAMS = ("stdout", "stderr")
SCRATCH = ("context.json", "spark.conf", "tmp", "warehouse", "artifacts")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    path: Path

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder for one starter. The lock goes with the process that holds it, however that ends."""
        with (self.path / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def write(self, name: str, text: str) -> Path:
        """Write a file that only this user can read, from its first byte on."""
        file = self.path / name
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "w") as stream:
            stream.write(text)
        return file

    @property
    def output(self) -> Path:
        return self.path / "output"

    def driver(self) -> process.Driver | None:
        """Return the driver that claimed this folder, alive or not, or None when nobody did."""
        pid = self._number("pid")
        return None if pid is None else process.find(pid, self.path)

    def exit_code(self) -> int | None:
        return self._number("exit")

    def result(self) -> Json | None:
        return self._json("result.json")

    def interface(self) -> Json | None:
        """Return {url, application} of the driver's own pages once they are there."""
        return self._json("ui.json")

    def mark_cancelled(self) -> None:
        self.write("cancelled", "")

    @property
    def is_cancelled(self) -> bool:
        return (self.path / "cancelled").exists()

    def clear_scratch(self) -> None:
        """Drop what only a living driver needs; a driver that died early has not removed its context itself."""
        for name in SCRATCH:
            item = self.path / name
            if item.is_dir():
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.unlink(missing_ok=True)

    def drop_output(self) -> None:
        shutil.rmtree(self.output, ignore_errors=True)

    def _number(self, name: str) -> int | None:
        """Read a number the launcher writes; a file without its newline is not written to its end yet."""
        try:
            text = (self.path / name).read_text()
        except OSError:
            return None
        return int(text) if text.endswith("\n") else None

    def _json(self, name: str) -> Json | None:
        try:
            return cast(Json, json.loads((self.path / name).read_text()))
        except (OSError, ValueError):
            return None
