"""n8n as an engine: one published workflow per deployment, started by its webhook, followed by its execution."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote

from django.conf import settings

from integrations.domain import (
    Choice,
    EngineError,
    Failure,
    Handle,
    Health,
    Job,
    Json,
    LogPage,
    Origin,
    Outcome,
    Plan,
    Progress,
    Ref,
    Verdict,
)
from integrations.engines.n8n import batches, choices, failures, runner, trial
from integrations.engines.n8n.client import DATA_SECONDS, NEW_KEY, RUN_ONE, Client
from integrations.engines.n8n.execution import RUNNING, Execution
from integrations.engines.n8n.provisioning import Provisioning, deprovision
from integrations.engines.n8n.session import Session

YOUNG = timedelta(seconds=3)
"""A run this young is asked for with its data at once: it has most likely ended, and that saves a call."""
BOOT_SECONDS = 5.0
"""For so long it is not asked again when n8n started."""
CLOCK_SKEW = timedelta(minutes=2)
LOG_END_LINES = 150


class N8nEngine:
    """One n8n, by its public API and webhooks. Shared by threads."""

    needs_deployment = True
    is_bound_to_host = False
    keeps_data = True
    tells_progress = False
    poll_seconds = (0.006, 1.0)

    def __init__(self, url: str | None = None, key: str | None = None, test_key: str | None = None) -> None:
        self._url = settings.N8N_URL if url is None else url
        self._key = settings.N8N_API_KEY if key is None else key
        self._test_key = settings.N8N_TEST_API_KEY if test_key is None else test_key
        self._boot: tuple[float, datetime | None] = (-math.inf, None)

    @cached_property
    def client(self) -> Client:
        if not self._url or not self._key:
            what = "N8N_URL" if not self._url else "N8N_API_KEY"
            fix = RUN_ONE if not self._url else NEW_KEY
            raise EngineError(f"No n8n is set up: {what} is empty.", retryable=False, code="n8n_missing", fix=fix)
        return Client(self._url, self._key)

    @cached_property
    def session(self) -> Session:
        """What n8n tells its own pages alone."""
        return Session(self._url, settings.N8N_EMAIL, settings.N8N_PASSWORD)

    def check(self) -> Health:
        try:
            if not self.client.is_ready():
                return Health(
                    False,
                    problem=f"n8n at {self._url} is not ready.",
                    fix="Wait until it has started; its log says more.",
                )
            self.client.api("GET", "/workflows?limit=1")
            return Health(True, version=self.client.version())
        except EngineError as error:
            return Health(False, problem=error.failure.message, fix=error.failure.fix)

    def provision(self, plan: Plan) -> Ref:
        if "node" in plan.template:
            return runner.provision(self.client, plan)
        return Provisioning(self.client, plan).run()

    def deprovision(self, ref: Ref) -> None:
        deprovision(self.client, ref)

    def test(self, plan: Plan, seconds: float) -> Verdict | None:
        return trial.attempt(Client(self._url, self._test_key), plan, seconds) if self._url and self._test_key else None

    def choices(self, plan: Plan, source: Any, config: Json, seconds: float) -> Sequence[Choice]:
        return choices.load(self.client, self.session, plan, source, config, seconds)

    def start(self, job: Job) -> Progress:
        if not job.ref.get("path"):
            raise EngineError("The deployment has no webhook yet.", retryable=True, code="deployment_missing")
        handle = batches.begun(job) if "runner" in job.ref else None
        if handle and not handle["total"]:
            return Progress({**handle, "execution": ""}, outcome=Outcome())
        return self._started(job, handle)

    def _started(self, job: Job, handle: Handle | None) -> Progress:
        """Call the deployment's own workflow, or the runner; `handle` says which batch of rows, if any."""
        is_call = "runner" in job.ref
        body, token = (runner.body(job, handle), runner.token()) if is_call else (_body(job), job.hook_token)
        answer = self.client.call_hook(job.ref["path"], token, body)
        execution = answer.body.get("executionId")
        if not execution:
            raise EngineError(
                "n8n took the call and named no execution.",
                retryable=True,
                code="deployment_missing",
                fix="Nothing to do: the hub sets the workflow up again before it tries once more.",
            )
        return _running({**(handle or {}), "execution": str(execution)})

    def find(self, job: Job) -> Handle | None:
        """Look for the job's key in what the deployment executed since the job was first asked for."""
        if not _workflow_of(job):
            return None
        for execution_id in self._recent(job):
            execution = self._fetch(execution_id, with_data=True)
            if execution and execution.hook_body.get("key") == job.key:
                return {**(batches.begun(job) or {}), "execution": execution_id}
        return None

    def poll(self, job: Job, handle: Handle) -> Progress:
        age = datetime.now(UTC) - job.asked_at if job.asked_at else timedelta(0)
        execution = self._follow(handle["execution"], with_data=age < YOUNG)
        if execution is None:
            raise EngineError(
                "n8n does not know the execution any more: it was deleted there, perhaps with its workflow.",
                retryable=False,
                code="lost",
                fix="Run it again; check first what the service already received.",
            )
        if execution.is_running:
            if age >= YOUNG and self._is_left_over(execution):
                # Should another process of n8n still be at it, it stops: the next attempt must be alone.
                self.cancel(handle)
                return Progress(handle, outcome=Outcome(failure=failures.CRASHED))
            return _running(handle, "Waiting in n8n" if execution.status == "waiting" else "Running in n8n")
        if "batch" in handle:
            return self._batch_ended(job, handle, execution)
        return self._ended(job, handle, execution)

    def cancel(self, handle: Handle) -> None:
        if handle["execution"]:
            self.client.api("POST", f"/executions/{handle['execution']}/stop", allow=(404, 409))

    def forget(self, handle: Handle) -> None:
        for execution in batches.executions(handle):
            self.client.api("DELETE", f"/executions/{execution}", allow=(404,))

    def logs(self, handle: Handle, cursor: str) -> LogPage:
        execution = self._fetch(handle["execution"], with_data=True)
        if execution is None:
            return LogPage((), cursor, is_last=True)
        lines = execution.log_lines()
        seen = int(cursor) if cursor.isdigit() else 0
        return LogPage(tuple(lines[seen:]), str(max(seen, len(lines))), is_last=not execution.is_running)

    def _batch_ended(self, job: Job, handle: Handle, execution: Execution) -> Progress:
        """Go on with the next batch of rows, or put all of them together."""
        if execution.status != "success":
            ended = self._ended(job, handle, execution)
            if ended.outcome is None or ended.outcome.is_cancelled:
                return ended
            return Progress(handle, outcome=Outcome(failure=batches.broken_off(handle, ended.outcome.failure)))
        if batches.is_last(handle):
            found = (self._whole(one) for one in batches.executions(handle))
            return _running(handle).ended(batches.concluded(job, found))
        if job.is_ending:
            return Progress(handle, outcome=Outcome(is_cancelled=True))
        following = batches.after(handle)
        begun = self._begun_since(job, batches.key(job, following), int(handle["execution"]))
        return _running({**following, "execution": begun}) if begun else self._started(job, following)

    def _begun_since(self, job: Job, key: str, last: int) -> str:
        """Find a batch that was begun when the worker died that had begun it."""
        for status in (*sorted(RUNNING - {"new"}), ""):
            for found in self._listed(_workflow_of(job), status):
                if int(found["id"]) <= last:
                    break
                execution = self._fetch(str(found["id"]), with_data=True)
                if execution and execution.hook_body.get("key") == key:
                    return str(found["id"])
        return ""

    def _whole(self, execution_id: str) -> Execution:
        execution = self._fetch(execution_id, with_data=True)
        if execution is None or not execution.has_data:
            told = failures.KEPT_BACK
            raise EngineError(told.message, retryable=False, code=told.code, fix=told.fix)
        return execution

    def _is_left_over(self, execution: Execution) -> bool:
        """Whether it runs by its status only: it began before n8n did, which does not find all that died with it."""
        if execution.status != "running" or execution.began is None:
            return False
        looked_at, booted_at = self._boot
        if time.monotonic() - looked_at > BOOT_SECONDS:
            booted_at = self.client.booted_at()
            self._boot = (time.monotonic(), booted_at)
        return booted_at is not None and execution.began < booted_at

    def _follow(self, execution_id: str, *, with_data: bool) -> Execution | None:
        try:
            execution = self._fetch(execution_id, with_data=with_data)
            if with_data or execution is None or execution.is_running:
                return execution
            return self._fetch(execution_id, with_data=True)
        except EngineError as error:
            if error.failure.code != "n8n_key_refused":
                raise
            # The work goes on in n8n whatever became of the key: the run waits for a good one.
            failure = error.failure
            raise EngineError(failure.message, retryable=True, code=failure.code, fix=failure.fix) from None

    def _fetch(self, execution_id: str, *, with_data: bool) -> Execution | None:
        query = "?includeData=true" if with_data else ""
        seconds = DATA_SECONDS if with_data else 30
        answer = self.client.api("GET", f"/executions/{execution_id}{query}", allow=(404,), seconds=seconds)
        return None if answer.status == 404 else Execution(answer.body)

    def _ended(self, job: Job, handle: Handle, execution: Execution) -> Progress:
        log = _shortened(execution.log_lines())
        match execution.status:
            case "success" if not execution.has_data:
                return Progress(handle, outcome=Outcome(failure=failures.KEPT_BACK))
            case "success":
                output, rows = execution.write_rows(job.workspace)
                outcome = Outcome(
                    output=output,
                    state=execution.state(),
                    metrics={"rows": rows},
                    seconds=execution.seconds,
                    log=log,
                )
                return Progress(handle, done=rows, unit="rows", outcome=outcome)
            case "canceled":
                return Progress(handle, outcome=Outcome(is_cancelled=True, log=log))
            case "crashed":
                return Progress(handle, outcome=Outcome(failure=failures.CRASHED, log=log))
            case "error":
                return Progress(handle, outcome=Outcome(failure=failures.explain(execution), log=log))
            case odd:
                return Progress(handle, outcome=Outcome(failure=_unknown(odd), log=log))

    def _recent(self, job: Job) -> Iterator[str]:
        """Yield ids of the workflow's executions, newest first; without a status n8n leaves out the running ones."""
        since = (job.asked_at or datetime.min.replace(tzinfo=UTC) + CLOCK_SKEW) - CLOCK_SKEW
        seen: set[str] = set()
        for status in (*sorted(RUNNING - {"new"}), ""):
            for found in self._listed(_workflow_of(job), status):
                if _started(found) < since:
                    break
                if (execution_id := str(found["id"])) not in seen:
                    seen.add(execution_id)
                    yield execution_id

    def _listed(self, workflow: str, status: str) -> Iterator[Json]:
        cursor = ""
        while True:
            query = f"?workflowId={quote(workflow)}&limit=100" + (f"&status={status}" if status else "")
            page = self.client.api("GET", f"/executions{query}" + (f"&cursor={quote(cursor)}" if cursor else "")).body
            yield from page.get("data") or []
            cursor = page.get("nextCursor") or ""
            if not cursor:
                return


def _running(handle: Handle, message: str = "Running in n8n") -> Progress:
    if "batch" not in handle:
        return Progress(handle, message=message)
    done = min(handle["batch"] * batches.BATCH, handle["total"])
    return Progress(handle, done=done, total=handle["total"], unit="rows", message=message)


def _workflow_of(job: Job) -> str:
    return str(job.ref.get("workflow") or job.ref.get("runner") or "")


def _body(job: Job) -> Json:
    return {
        "run_id": str(job.run_id),
        "attempt": job.attempt,
        "key": job.key,
        "config": job.config,
        "state": job.state,
        "push": {"url": job.push.url, "token": job.push.token} if job.push else None,
        "input": [{"name": source.name, "uri": source.uri, "format": source.format} for source in job.inputs],
    }


def _shortened(lines: list[str]) -> tuple[str, ...]:
    """Keep the beginning and the end of a long log: a thousand pages say much the same."""
    left_out = len(lines) - 2 * LOG_END_LINES
    if left_out <= 0:
        return tuple(lines)
    return (*lines[:LOG_END_LINES], f"... {left_out} more lines ...", *lines[-LOG_END_LINES:])


def _started(execution: Json) -> datetime:
    told = execution.get("startedAt") or execution.get("createdAt")
    return datetime.fromisoformat(told.replace("Z", "+00:00")) if told else datetime.now(UTC)


def _unknown(status: str) -> Failure:
    return Failure(
        "engine_crashed",
        Origin.ENGINE,
        f"n8n says only {status!r} of this execution.",
        fix="It is tried again by itself; n8n's log may say more.",
        retryable=True,
    )
