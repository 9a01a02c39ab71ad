"""How far a driver is, asked of its own pages."""

from __future__ import annotations

import json
import time

import requests

from integrations.domain import Json
from integrations.engines.spark.rundir import RunDirectory

# The first question makes the driver load its REST classes, which costs a short job a good part of its time.
FIRST_QUESTION_SECONDS = 3.0
TIMEOUT_SECONDS = 2.0


def look(directory: RunDirectory) -> tuple[int, int] | None:
    """Return tasks done and in all, or None while nothing is known. Neither number, nor their ratio, ever goes back."""
    before = _noted(directory)
    page = directory.interface()
    if page is None or not page["url"] or _age(directory) < FIRST_QUESTION_SECONDS:
        return before
    now = _ask(page["url"], page["application"])
    after = advance(before, now) if now else before
    if after and after != before:
        directory.write("progress.json", json.dumps(after))
    return after


def advance(before: tuple[int, int] | None, now: tuple[int, int]) -> tuple[int, int]:
    """Return what to show. Totals grow as Spark finds more to do, so nothing is whole before the driver has ended."""
    done, total = now[0], max(now[1], now[0] + 1)
    if before is None:
        return done, total
    if done * before[1] < before[0] * total or done < before[0] or total < before[1]:
        return before
    return done, total


def _age(directory: RunDirectory) -> float:
    try:
        return time.time() - (directory.path / "ui.json").stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _noted(directory: RunDirectory) -> tuple[int, int] | None:
    try:
        done, total = json.loads((directory.path / "progress.json").read_text())
    except (OSError, ValueError):
        return None
    return done, total


def _ask(url: str, application: str) -> tuple[int, int] | None:
    """Return the tasks done and in all of all jobs so far. A driver that does not answer is no failure."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{url}/api/v1/applications/{application}/jobs", timeout=TIMEOUT_SECONDS)
        jobs: list[Json] = answer.json() if answer.ok else []
    except (requests.RequestException, ValueError):
        return None
    if not jobs:
        return None
    return (
        sum(job["numCompletedTasks"] for job in jobs),
        sum(job["numTasks"] - job["numSkippedTasks"] for job in jobs),
    )
