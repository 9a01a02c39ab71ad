"""A progress bar for commands: one line on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 30
TERMINAL_SECONDS = 0.1
LOG_SECONDS = 10


class Bar:
    """Counts towards a total that may turn out larger than it was."""

    def __init__(self, what: str, total: int, out: TextIO = sys.stderr) -> None:
        self._what, self._total, self._out = what, total, out
        self._done = 0
        self._is_terminal = out.isatty()
        self._shown_at = 0.0

    def advance(self, by: int) -> None:
        self._done += by
        pause = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        if time.monotonic() - self._shown_at >= pause:
            self._show()

    def reach(self, done: int, total: int) -> None:
        """Go on to a count that is told as a whole."""
        self._total = total
        self.advance(done - self._done)

    def end(self) -> None:
        self._show()
        if self._is_terminal:
            self._out.write("\n")

    def _show(self) -> None:
        self._shown_at = time.monotonic()
        total = max(self._total, self._done, 1)
        filled = WIDTH * self._done // total
        bar = f"{self._what} [{'#' * filled}{'.' * (WIDTH - filled)}] {self._done:,} of {total:,}"
        self._out.write(f"\r{bar}" if self._is_terminal else f"{bar}\n")
        self._out.flush()
