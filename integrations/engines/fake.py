"""An engine that only waits: for tests, and to measure what the hub itself costs.

A job's config says what happens: `seconds` until it ends, `rows` it brings, `others` by name beside them, `failure` it
ends with, `refuse` it answers the start with, `state` it hands on. So does the source of a field's choices: `values`
there are, `of` the field whose value stands before each, `seconds` it takes, `refuse` it answers with.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    Output,
    Plan,
    Progress,
    Ref,
    Verdict,
)


class FakeEngine:
    """Keeps what it knows in the job's workspace, so that any process can follow what another one started."""

    needs_deployment = False
    is_bound_to_host = False
    keeps_data = False
    tells_progress = True
    poll_seconds = (0.01, 1.0)

    def check(self) -> Health:
        return Health(is_ok=True, version="1")

    def provision(self, plan: Plan) -> Ref:
        return {"key": plan.key}

    def deprovision(self, ref: Ref) -> None:
        """Nothing is kept, so nothing is removed."""

    def test(self, plan: Plan, seconds: float) -> Verdict | None:
        told = plan.credential.get("verdict")
        return Verdict(told == "good", f"It is {told}.") if told else None

    def choices(self, plan: Plan, source: Any, config: Json, seconds: float) -> Sequence[Choice]:
        time.sleep(min(seconds, source.get("seconds", 0)))
        if refusal := source.get("refuse"):
            raise EngineError(refusal, retryable=True, code="refused")
        of = config.get(source.get("of", ""), "")
        return [Choice(of + value, value.title()) for value in source["values"]]

    def start(self, job: Job) -> Progress:
        if refusal := job.config.get("refuse"):
            raise EngineError(refusal["message"], retryable=refusal["retryable"], code="refused")
        seconds = job.config.get("seconds", 0)
        handle: Handle = {"dir": str(job.workspace), "ends_at": time.time() + seconds, "seconds": seconds}
        if not seconds:
            return Progress(handle, outcome=self._outcome(job))
        job.workspace.mkdir(parents=True, exist_ok=True)
        with (job.workspace / "starts").open("a") as starts:
            starts.write(datetime.now(UTC).isoformat() + "\n")
        (job.workspace / "handle.json").write_text(json.dumps(handle))
        return Progress(handle)

    def find(self, job: Job) -> Handle | None:
        path = job.workspace / "handle.json"
        found: Handle | None = json.loads(path.read_text()) if path.exists() else None
        return found

    def poll(self, job: Job, handle: Handle) -> Progress:
        progress = Progress(handle, done=self._done(handle), total=100, unit="percent")
        if (Path(handle["dir"]) / "cancelled").exists():
            return progress.ended(Outcome(is_cancelled=True))
        return progress if time.time() < handle["ends_at"] else progress.ended(self._outcome(job))

    def cancel(self, handle: Handle) -> None:
        folder = Path(handle["dir"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cancelled").touch()

    def forget(self, handle: Handle) -> None:
        """Nothing is stored, so nothing is dropped."""

    def logs(self, handle: Handle, cursor: str) -> LogPage:
        return LogPage(lines=() if cursor else ("a line of the fake engine",), cursor="end", is_last=True)

    def _done(self, handle: Handle) -> int:
        left: float = max(0.0, handle["ends_at"] - time.time())
        return 100 - round(100 * left / (handle["seconds"] or 1))

    def _outcome(self, job: Job) -> Outcome:
        if failure := job.config.get("failure"):
            return Outcome(failure=Failure(**{"code": "fake", "origin": Origin.SERVICE, "message": "", **failure}))
        rows = job.config.get("rows")
        return Outcome(
            output=None if rows is None else self._output(job, rows),
            others=tuple(self._output(job, found, name) for name, found in job.config.get("others", {}).items()),
            state=job.config.get("state"),
        )

    def _output(self, job: Job, rows: list[Json], name: str = "") -> Output:
        job.workspace.mkdir(parents=True, exist_ok=True)
        path = job.workspace / f"rows{name}.ndjson"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return Output(path, "ndjson", name)
