"""How runs end: rows landed and readers rung, failed and perhaps tried again, or stopped early."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from integrations.domain import VERDICTS, Failure, Job, Json, Outcome, Output, Progress, RunState, WriteMode
from integrations.engines import registry
from integrations.engines.base import Engine
from integrations.masking import Mask
from integrations.models import UNDER_WAY, Dataset, DatasetVersion, Integration, Run, RunInput
from integrations.models.dataset import MAIN
from integrations.services import datasets, failures, leases, pipelines, pushing, storage, usage

log = structlog.get_logger(__name__)

LONGEST_USUAL_PAUSE_SECONDS = 0.9
LEFTOVER_SECONDS = 300
"""A busy engine has better things to do for that long."""
SLOWING = 1.05
_usual_seconds: dict[UUID, float] = {}
"""How long an integration's work usually takes, as this process saw it; the first look comes shortly before."""


class LeaseLost(Exception):
    """Another worker owns the run now; nothing of this one may be written."""


def conclude(run: Run, progress: Progress, job: Job, mask: Mask) -> None:
    """Write the end that the engine reported."""
    outcome = progress.outcome
    assert outcome is not None
    run.progress = progress.as_json()
    if outcome.failure:
        return fail(run, outcome.failure, mask)
    if outcome.is_cancelled:
        return stop(run, RunState.CANCELLED, note="It was cancelled in the engine, not here.")
    return _succeed(run, outcome, job, mask)


def fail(run: Run, failure: Failure, mask: Mask) -> None:
    """End the attempt: queue the next one if the failure may pass and attempts are left, else fail the run."""
    failure = usage.failed(run, failure)
    explained = failures.masked(failure, mask)
    log.info("attempt_failed", code=failure.code, attempt=run.attempt, reason=explained["message"])
    if failure.retryable and run.attempt < run.integration.max_attempts and run.cancel_requested_at is None:
        leases.write(
            run,
            state=RunState.QUEUED.value,
            attempt=run.attempt + 1,
            handle=None,
            asked_at=None,
            queue=run.integration.connector.type,
            stumbles=0,
            stumbled_at=None,
            failure=explained,
            lease=None,
            due_at=timezone.now() + failures.retry_after(failure, run.attempt),
        )
        return
    state = RunState.LOST if failure.code == "lost" else RunState.FAILED
    if _close(run, state, failure=explained):
        pushing.discard(run)


def stop(run: Run, state: RunState, note: str = "") -> None:
    """End the run early, as cancelled, timed out or lost."""
    failure = failures.timed_out(run.integration.timeout_seconds).as_json() if state is RunState.TIMED_OUT else None
    if _close(run, state, failure=failure, note=note):
        pushing.discard(run)


def note_inputs(run: Run, versions: list[tuple[str, DatasetVersion]]) -> None:
    """Keep which versions the run reads; a later attempt may read newer ones."""
    for name, version in versions:
        RunInput.everywhere.update_or_create(
            run=run,
            name=name,
            defaults={"version": version},
            create_defaults={"version": version, "tenant_id": run.tenant_id},
        )


def usual_pause(run: Run, engine: Engine) -> float:
    """Seconds to wait after the start before the first look is worth it.

    The engine's clock began before it answered the start, so what that took is over already. An engine that was
    slow to answer is busy, and looking early would keep it busier.
    """
    start = run.steps.get("start", 0.0)
    left = _usual_seconds.get(run.integration_id, 0.0) - start
    pause: float = max(engine.poll_seconds[0], min(max(left, start / 2), LONGEST_USUAL_PAUSE_SECONDS))
    return pause


def forget_leftovers(engine_name: str, limit: int = 20) -> None:
    """Have the engine drop what it still stores of runs whose rows have landed: when it is idle, or soon after."""
    engine = registry.get(engine_name)
    mine = Run.everywhere.filter(integration__connector__type=engine_name)
    left = mine.filter(has_leftovers=True, handle__isnull=False).order_by("finished_at")
    if mine.filter(UNDER_WAY).exists():
        left = left.filter(finished_at__lt=timezone.now() - timedelta(seconds=LEFTOVER_SECONDS))
    for run in left[:limit]:
        engine.forget(run.handle or {})
        Run.everywhere.filter(pk=run.pk).update(has_leftovers=False)


def _succeed(run: Run, outcome: Outcome, job: Job, mask: Mask) -> None:
    _note_duration(run, outcome.seconds)
    began = time.monotonic()
    output = pushing.collected(run, outcome.output, job.workspace)
    landed = _land_all(run, output, outcome.others)
    run.steps["land"] = round(time.monotonic() - began, 4)
    try:
        with transaction.atomic():
            _close_as_success(run, outcome, landed[0][0] if output else None, mask)
            versions = [datasets.record(run=run, landed=rows, dataset=dataset) for rows, dataset in landed]
            for version in versions:
                pipelines.follow(version)
    except LeaseLost:
        log.info("lease_lost")
        for rows, _ in landed:
            storage.discard(rows.uri)
        return
    usage.succeeded(run)
    for left in filter(None, (outcome.output, output, *outcome.others)):
        _clear(left)
    pushing.discard(run)


def _close_as_success(run: Run, outcome: Outcome, landed: storage.Landed | None, mask: Mask) -> None:
    engine = registry.get(run.integration.connector.type)
    is_ours = _close(
        run,
        RunState.SUCCEEDED,
        handle=run.handle,
        deployment=run.deployment,
        failure=None,
        rows=landed.rows if landed else 0,
        bytes=landed.bytes if landed else 0,
        metrics=mask.json(outcome.metrics),
        log=mask.json(list(outcome.log)),
        has_leftovers=engine.keeps_data,
    )
    if not is_ours:
        raise LeaseLost
    if outcome.state is not None:
        Integration.everywhere.filter(pk=run.integration_id).update(state=outcome.state)


def _land_all(run: Run, output: Output | None, others: Sequence[Output]) -> list[tuple[storage.Landed, Dataset]]:
    """Land the main rows, which come first, and those beside them; all of them or none."""
    landed: list[tuple[storage.Landed, Dataset]] = []
    named = [(output, MAIN)] if output else []
    try:
        for each, name in [*named, *((other, other.name) for other in others)]:
            landed.append(_land(run, each, name))
    except BaseException:
        for rows, _ in landed:
            storage.discard(rows.uri)
        raise
    return landed


def _land(run: Run, output: Output, name: str) -> tuple[storage.Landed, Dataset]:
    integration = run.integration
    dataset = datasets.ensure(integration=integration, name=name)
    mode = WriteMode(integration.write_mode)
    previous = dataset.latest.uri if mode is not WriteMode.REPLACE and dataset.latest else None
    landed = storage.land(
        output,
        tenant_id=run.tenant_id,
        dataset_id=dataset.pk,
        run_id=run.pk,
        mode=mode,
        keys=integration.merge_keys,
        previous=previous,
    )
    return landed, dataset


def _close(run: Run, state: RunState, **fields: Any) -> bool:
    """Write the end, and what it says of the integration; False when the lease was lost and nothing was written."""
    finished_at = timezone.now()
    steps: Json = {**run.steps}
    if run.started_at:
        steps["total"] = round((finished_at - run.queued_at).total_seconds(), 4)
    closing = {
        "state": state.value,
        "due_at": None,
        "finished_at": finished_at,
        "progress": run.progress,
        "steps": steps,
        "lease": None,
        "stumbles": 0,
        "stumbled_at": None,
    }
    with transaction.atomic():
        is_ours = leases.write(run, **closing, **fields)
        if is_ours and state in VERDICTS:
            Integration.everywhere.filter(pk=run.integration_id).update(verdict=state.value)
    return is_ours


def _note_duration(run: Run, seconds: float | None) -> None:
    if run.asked_at:
        run.steps["engine"] = round((timezone.now() - run.asked_at) / timedelta(seconds=1), 4)
    if seconds is not None:
        # Near the quickest of late: under load runs wait in the engine's own queue, and looking late makes it longer.
        earlier = _usual_seconds.get(run.integration_id, seconds)
        _usual_seconds[run.integration_id] = min(earlier * SLOWING, seconds)


def _clear(output: Output) -> None:
    """The rows stand in the dataset now; the engine's copy goes."""
    if output.path.is_dir():
        shutil.rmtree(output.path, ignore_errors=True)
    else:
        output.path.unlink(missing_ok=True)
