"""The steps of a run, and how long each took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils import timezone

from integrations.domain import RunState
from integrations.models import Run


class Name(StrEnum):
    WAIT = "wait"
    START = "start"
    WORK = "work"
    LAND = "land"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    Name.WAIT: "Waited in the queue",
    Name.START: "Handed to the engine",
    Name.WORK: "Engine at work",
    Name.LAND: "Rows landed",
}


class Standing(StrEnum):
    DONE = "done"
    NOW = "now"
    ENDED = "ended"
    """The run ended in this step, and not well."""
    OPEN = "open"

    @property
    def icon(self) -> str:
        return ICONS[self]


ICONS = {
    Standing.DONE: "circle-check",
    Standing.NOW: "loader-2",
    Standing.ENDED: "circle-x",
    Standing.OPEN: "circle-dashed",
}


@dataclass(frozen=True, slots=True)
class Step:
    """`seconds` is None while nobody knows; `since` tells when the step that is under way began."""

    name: Name
    standing: Standing
    seconds: float | None
    since: datetime | None = None


def steps(run: Run) -> list[Step]:
    here = _reached(run)
    names = list(Name)
    return [_step(run, name, names.index(name) - names.index(here)) for name in names]


def _reached(run: Run) -> Name:
    """The step that the run is in, or ended in."""
    if run.state == RunState.SUCCEEDED or "engine" in run.steps:
        return Name.LAND
    if run.handle is not None:
        return Name.WORK
    return Name.START if run.asked_at else Name.WAIT


def _step(run: Run, name: Name, distance: int) -> Step:
    if distance > 0:
        return Step(name, Standing.OPEN, None)
    if distance < 0 or run.state == RunState.SUCCEEDED:
        return Step(name, Standing.DONE, _seconds(run, name))
    if run.is_final:
        return Step(name, Standing.ENDED, _between(_began(run, name), run.finished_at))
    began = _began(run, name)
    return Step(name, Standing.NOW, _between(began, timezone.now()), began)


def _seconds(run: Run, name: Name) -> float | None:
    match name:
        case Name.WAIT:
            return _between(run.queued_at, run.started_at)
        case Name.WORK if "engine" in run.steps:
            return max(0.0, float(run.steps["engine"]) - float(run.steps.get("start", 0)))
        case Name.WORK:
            return _between(_began(run, name), run.finished_at)
    found = run.steps.get(name.value)
    return None if found is None else float(found)


def _began(run: Run, name: Name) -> datetime | None:
    if name is Name.WAIT:
        return run.queued_at
    if run.asked_at is None or name is Name.START:
        return run.asked_at
    return run.asked_at + timedelta(seconds=run.steps.get("start" if name is Name.WORK else "engine", 0))


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return max(0.0, (end - start).total_seconds()) if start and end else None
