"""Drivers as processes: started in a session of their own, known by pid and start time, ended with all they started."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

SHELL = "/bin/sh"
RUN_DIRECTORY = "HUB_RUN_DIR"
# The shell stays as the session's leader: its pid names the session, and it notes the exit code even when the worker
# that started it is gone. `set -C` makes the pid file the claim: of two launchers only one gets past that line. The
# trap keeps the shell alive through a SIGTERM to the whole session; the driver itself gets the signal's default.
LAUNCHER = 'cd "$1" && shift && set -C && echo $$ > pid || exit 75; trap : TERM; "$@"; echo $? > exit'
RESTORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD)


@dataclass(frozen=True, slots=True)
class Driver:
    """A session leader. Pids are used again, so `started` goes with it: seconds of `start_time`, 0 when unknown."""

    pid: int
    started: float

    def is_alive(self) -> bool:
        return self.started > 0 and start_time(self.pid) == self.started

    def members(self) -> list[int]:
        """Return the live processes of this session, zombies left out."""
        if start_time(self.pid) not in (None, self.started):
            return []  # the pid names somebody else's process by now
        return [pid for pid in psutil.pids() if session_of(pid) == self.pid and start_time(pid) is not None]


def start_time(pid: int) -> float | None:
    """Return when a process started, or None when there is none or only its zombie.

    On Linux these are ticks since boot: unlike psutil's wall-clock time they stay equal when the clock is corrected.
    """
    if sys.platform != "linux":
        return _portable_start_time(pid)
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else float(fields[19])


def _portable_start_time(pid: int) -> float | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None


def session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def spawn(command: Sequence[str], *, environment: Mapping[str, str], directory: Path, key: str) -> int:
    """Start `command` in its own session with its output in files of `directory`; return its launcher's pid.

    The child may be asked for as often as wanted: whoever finds a pid file in the directory ends at once.
    """
    streams = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, name in ((1, "stdout"), (2, "stderr")):
        streams.append((os.POSIX_SPAWN_OPEN, number, str(directory / name), appending, 0o600))
    return os.posix_spawn(
        SHELL,
        [SHELL, "-c", LAUNCHER, f"hub-{key}", str(directory), *command],
        {**environment, RUN_DIRECTORY: str(directory)},
        file_actions=streams,
        setsid=True,
        setsigmask=[],
        setsigdef=RESTORED,
    )


def find(pid: int, directory: Path) -> Driver:
    """Return the driver of `directory`, whose pid file says `pid`; one that is no longer there has no start time."""
    try:
        is_ours = psutil.Process(pid).environ().get(RUN_DIRECTORY) == str(directory)
    except psutil.Error:
        is_ours = False
    return Driver(pid, (start_time(pid) or 0.0) if is_ours else 0.0)


def reap(pid: int) -> None:
    """Let a child of ours that ended go; of others their own parent or init takes care."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def end(driver: Driver, *, patience_seconds: float = 3.0, limit_seconds: float = 10.0) -> bool:
    """End every process of the session: ask first, then kill until none is left. Return whether none is left."""
    signal_all(driver, signal.SIGTERM)
    if until(lambda: not driver.members(), patience_seconds):
        reap(driver.pid)
        return True
    # In a loop: a process may start another while it is being killed.
    is_over = until(lambda: not signal_all(driver, signal.SIGKILL), limit_seconds)
    reap(driver.pid)
    return is_over


def signal_all(driver: Driver, number: signal.Signals) -> list[int]:
    """Send a signal to the session's live processes and return their pids."""
    members = driver.members()
    for pid in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    return members


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition, at most `seconds`; return whether it came true."""
    give_up = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True
