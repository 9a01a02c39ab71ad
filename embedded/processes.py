"""End process trees for good: again and again until none is left, because a process may fork as it dies."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress

import psutil

LOOK_SECONDS = 0.05
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every orphan below this process, so that a Spark driver whose worker died stays ours."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_orphans(known: Collection[int]) -> None:
    """Collect ended orphans. `known` are the children somebody else waits for."""
    look = os.WEXITED | os.WNOHANG | os.WNOWAIT
    with suppress(ChildProcessError):
        while (ended := os.waitid(os.P_ALL, 0, look)) is not None and ended.si_pid not in known:
            os.waitpid(ended.si_pid, 0)


def end_sessions(leaders: Collection[int], *, patience_seconds: float) -> None:
    """End these sessions: SIGTERM to the leaders, SIGKILL to what a leader left behind or what patience is over for.

    The leader alone is asked, because it may need what it started (n8n its task runner) to end in good order.
    """
    deadline = time.monotonic() + patience_seconds
    _signal([process for process in _of_sessions(leaders) if process.pid in leaders], signal.SIGTERM)
    while alive := _of_sessions(leaders):
        standing = {process.pid for process in alive} & set(leaders)
        is_over = time.monotonic() >= deadline
        _signal([p for p in alive if is_over or _session_of(p.pid) not in standing], signal.SIGKILL)
        time.sleep(LOOK_SECONDS)


def children() -> frozenset[int]:
    return frozenset(process.pid for process in psutil.Process().children())


def end_descendants(*, spare: Collection[int], patience_seconds: float) -> None:
    """End everything below this process but the children in `spare`: adopted orphans too, whatever their session."""
    deadline = time.monotonic() + patience_seconds
    _signal(_descendants(spare), signal.SIGTERM)
    while alive := _descendants(spare):
        if time.monotonic() >= deadline:
            _signal(alive, signal.SIGKILL)
        time.sleep(LOOK_SECONDS)


def started_at(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None


def _of_sessions(leaders: Collection[int]) -> list[psutil.Process]:
    return _running(psutil.process_iter(), lambda process: _session_of(process.pid) in leaders)


def _descendants(spare: Collection[int]) -> list[psutil.Process]:
    ours = [child for child in psutil.Process().children() if child.pid not in spare]
    below = [process for child in ours for process in _below(child)]
    return _running([*ours, *below], lambda _: True)


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _running(found: Iterable[psutil.Process], is_wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    return [process for process in found if is_wanted(process) and _is_running(process)]


def _session_of(pid: int) -> int:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return 0


def _is_running(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(processes: Collection[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
