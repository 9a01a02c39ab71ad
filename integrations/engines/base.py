"""The one door between the hub and what executes its connectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from integrations.domain import Choice, Handle, Health, Job, Json, LogPage, Plan, Progress, Ref, Verdict


class Engine(Protocol):
    """Something that runs jobs. Instances are shared by threads and hold no run's state.

    Every method may raise `EngineError`; its `retryable` says whether to ask again.
    """

    needs_deployment: bool
    """Whether an integration must be provisioned before its first run."""
    is_bound_to_host: bool
    """Whether only workers of the host that started a job can step it."""
    keeps_data: bool
    """Whether it stores what a job brought until `forget` is called."""
    tells_progress: bool
    """Whether `poll` says how much of the work is done."""
    poll_seconds: tuple[float, float]
    """The first pause between two polls and the longest one it grows to."""

    def check(self) -> Health:
        """Tell whether the engine is reachable and complete, without raising."""
        ...

    def provision(self, plan: Plan) -> Ref:
        """Create or update what a deployment needs there; idempotent. A failure leaves nothing half-made."""
        ...

    def deprovision(self, ref: Ref) -> None:
        """Remove what `provision` made for this ref and its `key`; what is gone already is no error."""
        ...

    def test(self, plan: Plan, seconds: float) -> Verdict | None:
        """Try the plan's credential, within so many seconds; None when the engine has no test for its kind.

        Nothing is provisioned, and nothing is left there.
        """
        ...

    def start(self, job: Job) -> Progress:
        """Start the job. One that is done at once may be answered with its outcome in place."""
        ...

    def find(self, job: Job) -> Handle | None:
        """Find what an earlier `start` of the same `job.key` began, when nobody wrote its handle down."""
        ...

    def poll(self, job: Job, handle: Handle) -> Progress: ...

    def cancel(self, handle: Handle) -> None:
        """Ask for the end of the work; idempotent. `poll` tells when it has ended."""
        ...

    def forget(self, handle: Handle) -> None:
        """Drop what the engine stored of a job whose rows are safely landed."""
        ...

    def logs(self, handle: Handle, cursor: str) -> LogPage: ...


@runtime_checkable
class OffersChoices(Protocol):
    """What an engine may do besides: it knows the choices of fields whose schema names a source in `x-options`."""

    def choices(self, plan: Plan, source: Any, config: Json, seconds: float) -> Sequence[Choice]:
        """What may be chosen now, asked with the plan's credential and within so many seconds.

        `source` is what `x-options` says, a text or an object, and is the connector's own. `config` is what was
        entered so far: it was judged by nobody. Nothing is left there, as with `test`.
        """
        ...
