"""The life of a run: claim it, take a step with its engine, write what came of it, let it go."""

from __future__ import annotations

import heapq
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.utils import timezone

from integrations.domain import EngineError, Handle, Job, Progress, RunState, Trigger
from integrations.engines import registry
from integrations.engines.base import Engine
from integrations.masking import Mask
from integrations.models import UNDER_WAY, Run
from integrations.services import bell, deployments, endings, failures, jobs, leases
from integrations.services.errors import Busy, Invalid, Refused
from integrations.vault import Unreadable
from tenants.scope import scope

log = structlog.get_logger(__name__)

GROWTH = 1.5
LONGEST_WAIT_SECONDS = 1.0
"""A pause of this length is not waited for inside a step: the run is let go and the tick rings for it."""
BUSY_SECONDS = 0.2
BEHIND_SECONDS = 2.0
CANCEL_PAUSE_SECONDS = 0.3


@dataclass(slots=True)
class Step:
    """One worker's turn with one claimed run."""

    run: Run
    engine: Engine
    is_fresh: bool
    """Whether no engine was asked to start this attempt before this step."""
    pause: float = 0.0
    turns: int = 0
    job: Job | None = None
    mask: Mask = field(default_factory=lambda: Mask(()))


def advance(run_ids: Sequence[UUID | str]) -> None:
    """Take a step with those of the runs that are due: start them, or follow them for a few seconds.

    Runs are stepped side by side: their pauses overlap. Safe to call for any run at any time, in any process.
    """
    now, claimed = leases.claim(run_ids)
    if not claimed:
        return
    with leases.keeper.kept(claimed):
        steps = [Step(run, registry.get(run.integration.connector.type), run.asked_at == now) for run in claimed]
        _follow(steps)


def _follow(steps: list[Step]) -> None:
    until = time.monotonic() + settings.STEP_SECONDS
    turns = [(0.0, order, step) for order, step in enumerate(steps)]
    while turns:
        at, order, step = heapq.heappop(turns)
        if at > until:
            _let_go(step, 0)
            continue
        time.sleep(max(0.0, at - time.monotonic()))
        pause = _guarded_turn(step)
        if pause is not None:
            heapq.heappush(turns, (time.monotonic() + pause, order, step))


def _guarded_turn(step: Step) -> float | None:
    """Take a turn; whatever goes wrong in it becomes a stumble or an end of this run alone."""
    run = step.run
    with scope(run.tenant_id), structlog.contextvars.bound_contextvars(run_id=str(run.pk), tenant=str(run.tenant_id)):
        try:
            return _turn(step)
        except EngineError as error:
            return _stumble(step, error)
        except Busy:
            return BUSY_SECONDS
        except (Invalid, Refused, Unreadable) as error:
            return endings.fail(run, failures.of_preparation(error), step.mask)
        except Exception as error:
            log.exception("step_failed")
            return endings.fail(run, failures.of_the_hub(error), step.mask)


def _turn(step: Step) -> float | None:
    """One exchange with the engine; return the pause before the next, or None when the run has ended or was let go."""
    run = step.run
    if wish := _wish(step):
        return _end_early(step, wish)
    if run.handle is None and _is_behind_another(run):
        return _back_to_queue(run)
    progress = _begin(step) if run.handle is None else step.engine.poll(_job(step), run.handle)
    return _take(step, progress)


def _take(step: Step, progress: Progress) -> float | None:
    run = step.run
    run.heard_at = timezone.now()
    _recover(run)
    if progress.outcome:
        run.handle = progress.handle
        return endings.conclude(run, progress, _job(step), step.mask)
    if run.handle is None:
        return _write_handle(step, progress)
    if progress.handle != run.handle:
        leases.write(run, handle=progress.handle)
    run.progress = progress.as_json()
    step.pause = min(step.pause * GROWTH, step.engine.poll_seconds[1]) if step.pause else step.engine.poll_seconds[0]
    if step.pause >= LONGEST_WAIT_SECONDS:
        return _let_go(step, step.pause)
    return step.pause


def _begin(step: Step) -> Progress:
    """Start the run's work, or adopt what an earlier step started and could not write down."""
    run = step.run
    prepared = jobs.prepare(run, step.engine)
    step.job, step.mask = prepared.job, prepared.mask
    endings.note_inputs(run, prepared.versions)
    run.deployment = prepared.deployment
    if not step.is_fresh and (handle := step.engine.find(prepared.job)):
        log.info("run_adopted")
        return Progress(handle)
    began = time.monotonic()
    run.steps = {**run.steps, "wait": _seconds_between(run.queued_at, run.started_at)}
    progress = step.engine.start(prepared.job)
    run.steps["start"] = round(time.monotonic() - began, 4)
    return progress


def _write_handle(step: Step, progress: Progress) -> float | None:
    run = step.run
    queue = f"{run.integration.connector.type}.{settings.HOST}" if step.engine.is_bound_to_host else run.queue
    is_ours = leases.write(
        run,
        handle=progress.handle,
        state=RunState.RUNNING.value,
        deployment=run.deployment,
        queue=queue,
        steps=run.steps,
        heard_at=run.heard_at,
        progress=progress.as_json(),
        deadline_at=_deadline(run),
    )
    return endings.usual_pause(run, step.engine) if is_ours else None


def _job(step: Step) -> Job:
    if step.job is None:
        prepared = jobs.resume(step.run)
        step.job, step.mask = prepared.job, prepared.mask
    return step.job


# Letting go


def _let_go(step: Step, seconds: float) -> None:
    """Release the run until its next step; without a pause it goes to the end of the queue at once."""
    run = step.run
    due_at = timezone.now() + timedelta(seconds=seconds)
    released = leases.write(run, lease=None, due_at=due_at, heard_at=run.heard_at, progress=run.progress)
    if released and not seconds:
        bell.ring([run])


def _stumble(step: Step, error: EngineError) -> None:
    """A failed exchange is not a failed run: try again later, for as long as there is hope."""
    run, failure = step.run, error.failure
    now = timezone.now()
    log.info("stumbled", code=failure.code, reason=step.mask.text(failure.message))
    if failure.code == "deployment_missing" and run.integration.deployment:
        deployments.distrust(run.integration.deployment)
    is_patient = now - (run.stumbled_at or now) < timedelta(seconds=settings.PATIENCE_SECONDS)
    if not failure.retryable and run.state == RunState.CANCELLING:
        return endings.stop(run, RunState.CANCELLED if run.cancel_requested_at else RunState.TIMED_OUT)
    if not (failure.retryable and (run.handle is not None or run.cancel_requested_at or is_patient)):
        return endings.fail(run, failure, step.mask)
    leases.write(
        run,
        lease=None,
        due_at=now + timedelta(seconds=failures.stumble_pause(run.stumbles)),
        stumbles=run.stumbles + 1,
        stumbled_at=run.stumbled_at or now,
        progress={**run.progress, "message": step.mask.text(f"Trying again: {failure.message}")},
    )
    return None


def _recover(run: Run) -> None:
    if run.stumbles:
        leases.write(run, stumbles=0, stumbled_at=None)


def _is_behind_another(run: Run) -> bool:
    """A run that a clock or new data asked for waits until the ones before it have ended."""
    if run.trigger not in (Trigger.SCHEDULE, Trigger.NEW_DATA):
        return False
    earlier = Run.everywhere.filter(UNDER_WAY, integration=run.integration, queued_at__lt=run.queued_at)
    return earlier.exclude(pk=run.pk).exists()


def _back_to_queue(run: Run) -> None:
    leases.write(
        run,
        state=RunState.QUEUED.value,
        asked_at=None,
        started_at=None,
        lease=None,
        due_at=timezone.now() + timedelta(seconds=BEHIND_SECONDS),
        progress={"done": None, "total": None, "unit": "", "message": "Waiting for an earlier run to end."},
    )


# Ending early


def _wish(step: Step) -> RunState | None:
    """Tell whether the run shall end before its work does, and as what."""
    run = step.run
    step.turns += 1
    if step.turns > 1 and run.cancel_requested_at is None:
        run.cancel_requested_at = Run.everywhere.values_list("cancel_requested_at", flat=True).get(pk=run.pk)
    if run.cancel_requested_at:
        return RunState.CANCELLED
    return RunState.TIMED_OUT if run.started_at and timezone.now() >= _deadline(run) else None


def _end_early(step: Step, wish: RunState) -> float | None:
    """Ask the engine to end the work, as often as it takes, and follow it to its end."""
    run = step.run
    if run.asked_at is None or (run.handle is None and step.is_fresh):
        return endings.stop(run, wish)
    since = (run.cancel_requested_at if wish is RunState.CANCELLED else None) or _deadline(run)
    if timezone.now() - since > timedelta(seconds=settings.CANCEL_PATIENCE_SECONDS):
        return endings.stop(run, wish, note="The engine never confirmed that the work has ended.")
    if run.handle is None and not _adopt(step):
        return endings.stop(run, wish)
    if run.state != RunState.CANCELLING:
        leases.write(run, state=RunState.CANCELLING.value, deadline_at=_deadline(run))
    return _confirm_end(step, wish)


def _confirm_end(step: Step, wish: RunState) -> float | None:
    run = step.run
    handle: Handle = run.handle or {}
    step.engine.cancel(handle)
    progress = step.engine.poll(replace(_job(step), is_ending=True), handle)
    if progress.outcome is None:
        return CANCEL_PAUSE_SECONDS
    if progress.outcome.failure or progress.outcome.is_cancelled:
        return endings.stop(run, wish)
    return endings.conclude(run, progress, _job(step), step.mask)


def _adopt(step: Step) -> bool:
    handle = step.engine.find(_job(step))
    if handle:
        leases.write(step.run, handle=handle)
    return handle is not None


def _deadline(run: Run) -> datetime:
    return run.deadline_at or (run.started_at or timezone.now()) + timedelta(seconds=run.integration.timeout_seconds)


def _seconds_between(start: datetime, end: datetime | None) -> float:
    return round((end - start).total_seconds(), 4) if end else 0.0
