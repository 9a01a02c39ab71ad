"""The words all layers share: states, jobs, what engines report, and why something failed. No Django here."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from uuid import UUID

Json = dict[str, Any]
Handle = dict[str, Any]
"""An engine's own reference to the work it does for a run: small and JSON, opaque to everything but that engine."""
Ref = dict[str, Any]
"""What an engine holds for a deployment: small and JSON, opaque to everything but that engine."""


class Tone(StrEnum):
    """How a state is felt: it decides the colour that goes with its word and icon."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    BUSY = "busy"
    IDLE = "idle"


class RunState(StrEnum):
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        return self in FINAL

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def tone(self) -> Tone:
        return LOOKS[self][0]

    @property
    def icon(self) -> str:
        """Name of one of Tabler's icons."""
        return LOOKS[self][1]


LOOKS = {
    RunState.QUEUED: (Tone.IDLE, "clock"),
    RunState.STARTING: (Tone.BUSY, "loader-2"),
    RunState.RUNNING: (Tone.BUSY, "loader-2"),
    RunState.CANCELLING: (Tone.WARN, "hourglass"),
    RunState.SUCCEEDED: (Tone.GOOD, "circle-check"),
    RunState.FAILED: (Tone.BAD, "circle-x"),
    RunState.CANCELLED: (Tone.IDLE, "ban"),
    RunState.TIMED_OUT: (Tone.BAD, "clock-x"),
    RunState.LOST: (Tone.BAD, "help-circle"),
}
FINAL = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.TIMED_OUT, RunState.LOST})
ACTIVE = frozenset(RunState) - FINAL
VERDICTS = FINAL - {RunState.CANCELLED}
"""Ends that say something of the integration; a cancelled run says nothing."""


class Trigger(StrEnum):
    MANUAL = "manual"
    API = "api"
    SCHEDULE = "schedule"
    NEW_DATA = "new_data"
    RETRY = "retry"

    @property
    def label(self) -> str:
        return TRIGGERS[self][0]

    @property
    def icon(self) -> str:
        return TRIGGERS[self][1]


TRIGGERS = {
    Trigger.MANUAL: ("By hand", "hand-click"),
    Trigger.API: ("API", "api"),
    Trigger.SCHEDULE: ("Schedule", "calendar-time"),
    Trigger.NEW_DATA: ("New data", "database-import"),
    Trigger.RETRY: ("Retry", "refresh"),
}


class Overlap(StrEnum):
    """What a schedule or new data does while an earlier run has not ended."""

    SKIP = "skip"
    QUEUE = "queue"


class WriteMode(StrEnum):
    REPLACE = "replace"
    APPEND = "append"
    MERGE = "merge"


class Origin(StrEnum):
    """Whose side a failure is on."""

    SETTINGS = "settings"
    SERVICE = "service"
    ENGINE = "engine"
    NETWORK = "network"
    HUB = "hub"

    @property
    def label(self) -> str:
        return SIDES[self]


SIDES = {
    Origin.SETTINGS: "The integration's settings",
    Origin.SERVICE: "The service",
    Origin.ENGINE: "The engine",
    Origin.NETWORK: "The network",
    Origin.HUB: "The hub itself",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened, whose side it is on, and what to do about it."""

    code: str
    origin: Origin
    message: str
    step: str = ""
    fix: str = ""
    retryable: bool = False
    detail: Json = field(default_factory=dict)

    def as_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Json) -> Self:
        return cls(**{**value, "origin": Origin(value["origin"])})


class EngineError(Exception):
    """An engine could not do what was asked. `retryable` says whether asking again later can help."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        code: str = "engine_error",
        origin: Origin = Origin.ENGINE,
        fix: str = "",
        step: str = "",
        detail: Json | None = None,
    ) -> None:
        super().__init__(message)
        self.failure = Failure(
            code=code, origin=origin, message=message, step=step, fix=fix, retryable=retryable, detail=detail or {}
        )

    @property
    def retryable(self) -> bool:
        return self.failure.retryable


@dataclass(frozen=True, slots=True)
class Source:
    """A dataset version that a run reads."""

    name: str
    uri: str
    format: str = "parquet"


@dataclass(frozen=True, slots=True)
class SparkEntry:
    """What a Spark engine submits. `entry` is an absolute path or a URI the cluster can read."""

    kind: str
    entry: str
    main_class: str = ""
    py_files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    conf: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Push:
    """Where a job's work may push rows while it runs, as pages of NDJSON, and the token that lives as long as it."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Job:
    """The frozen value an engine gets: everything one attempt of a run needs, and no row."""

    run_id: UUID
    attempt: int
    tenant_id: UUID
    connector: str
    config: Json
    workspace: Path
    """The attempt's own folder on the host that steps it; the engine makes it when it needs it and may write there."""
    credential: Json = field(default_factory=dict, repr=False)
    state: Json = field(default_factory=dict)
    """The cursor that the last successful run handed on."""
    inputs: tuple[Source, ...] = ()
    ref: Ref = field(default_factory=dict)
    """What `provision` answered for this job's deployment; empty for an engine that needs none."""
    hook_token: str = field(default="", repr=False)
    template: Json = field(default_factory=dict, repr=False)
    """What the deployment was made from; empty for an engine that needs none."""
    spark: SparkEntry | None = None
    push: Push | None = None
    is_ending: bool = False
    """Whether the work shall end: nothing more of it is to be begun."""
    asked_at: datetime | None = None
    """When an earlier step began to ask the engine to start this attempt; None when nobody asked yet."""

    @property
    def key(self) -> str:
        """Name this attempt wherever the engine lets us leave a mark."""
        return f"{self.run_id}.{self.attempt}"


@dataclass(frozen=True, slots=True)
class Output:
    """Rows an engine left: a file of NDJSON or a folder of Parquet files. The name "" is the main dataset."""

    path: Path
    format: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the engine's work ended. No failure and not cancelled means that it succeeded."""

    failure: Failure | None = None
    is_cancelled: bool = False
    output: Output | None = None
    others: tuple[Output, ...] = ()
    """Further datasets beside the main one, each by its name."""
    metrics: Json = field(default_factory=dict)
    state: Json | None = None
    seconds: float | None = None
    """How long the engine worked, by its own clock."""
    log: tuple[str, ...] = ()
    """The engine's log, where the engine will not keep it once the rows have landed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What an engine says of a job: its handle, how far it is, and, once it ended, the outcome."""

    handle: Handle
    done: int | None = None
    total: int | None = None
    unit: str = ""
    message: str = ""
    outcome: Outcome | None = None

    def as_json(self) -> Json:
        return {"done": self.done, "total": self.total, "unit": self.unit, "message": self.message}

    def ended(self, outcome: Outcome) -> Progress:
        return replace(self, outcome=outcome)


@dataclass(frozen=True, slots=True)
class Plan:
    """What `provision` makes or brings up to date for one deployment."""

    key: str
    """Stable name of the deployment; the engine finds half-made things by it."""
    name: str
    template: Json
    credential_map: Json = field(default_factory=dict)
    credential_id: UUID | None = None
    credential: Json = field(default_factory=dict, repr=False)
    hook_token: str = field(default="", repr=False)
    ref: Ref = field(default_factory=dict)
    """What the last `provision` answered, empty the first time."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an engine can work. `problem` says what is missing, `fix` how to mend it; both empty when it is well."""

    is_ok: bool
    version: str = ""
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an engine's own test says of a credential; `step` is where it ended: resolve, connect, tls, authenticate."""

    is_ok: bool
    message: str = ""
    step: str = "authenticate"
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values a field may have now; `label` is what the service calls it."""

    value: str
    label: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines after a cursor, and the cursor to ask with for what comes later."""

    lines: tuple[str, ...]
    cursor: str
    is_last: bool
