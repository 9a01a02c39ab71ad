"""How far a run is: as its engine tells, or else as long as the integration's runs usually take."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from django.conf import settings
from django.utils import timezone

from integrations.domain import RunState
from integrations.engines import registry
from integrations.models import Run

SAMPLE = 10
NEARLY = 0.9
"""Where the bar stands after the usual time; from there it comes ever closer to its end and never reaches it."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`share` is from 0 to 1, None while nobody can tell. An estimate goes on from `began_at` by itself."""

    share: float | None
    done: int | None = None
    total: int | None = None
    unit: str = ""
    message: str = ""
    began_at: datetime | None = None
    usual_seconds: float | None = None


def usual_seconds(run: Run) -> float | None:
    """How long runs took that ended well before this one began; those that end meanwhile would move the bar back."""
    earlier = Run.everywhere.filter(
        integration=run.integration_id,
        state=RunState.SUCCEEDED,
        queued_at__lt=run.queued_at,
        started_at__isnull=False,
        finished_at__lt=run.asked_at or run.queued_at,
    )
    times = earlier.order_by("-queued_at", "-id").values_list("started_at", "finished_at")[:SAMPLE]
    took = [(end - start).total_seconds() for start, end in times if start and end]
    return median(took) if took else None


def bar(run: Run) -> Bar | None:
    """Say how far the run is; None for one that waits or has ended.

    It never goes back: where the engine counts, the usual time is no stand-in until it begins to.
    """
    if run.is_final or run.asked_at is None:
        return None
    told = run.progress
    known = Bar(None, told.get("done"), told.get("total"), told.get("unit") or "", told.get("message") or "")
    if known.total and known.done is not None:
        return replace(known, share=min(1.0, known.done / known.total))
    if _is_counting(run.integration.connector.type):
        return known
    usual = usual_seconds(run)
    share = estimate((timezone.now() - run.asked_at).total_seconds(), usual) if usual else None
    return replace(known, share=share, began_at=run.asked_at, usual_seconds=usual)


def estimate(seconds: float, usual: float) -> float:
    passed = max(0.0, seconds) / max(usual, 0.1)
    return NEARLY * passed if passed <= 1 else 1 - (1 - NEARLY) * math.exp(1 - passed)


def _is_counting(engine: str) -> bool:
    return engine in settings.ENGINES and registry.get(engine).tells_progress
