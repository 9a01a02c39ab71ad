"""Read what n8n stored of an execution: rows, cursor, lines for the log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from integrations.domain import Json, Output
from integrations.engines.n8n.adaptation import HUB

OUTPUT_NODE = "Hub Output"
STATE_NODE = "Hub State"
BULK_FIELD = "hub_ndjson"
"""An item with this field alone holds many rows as NDJSON text, which n8n stores and hands over quicker than items."""

RUNNING = frozenset({"new", "running", "waiting"})


@dataclass(frozen=True, slots=True)
class Execution:
    """An execution as the public API tells it with its data."""

    body: Json

    @property
    def status(self) -> str:
        return str(self.body.get("status") or "unknown")

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    @property
    def began(self) -> datetime | None:
        return _moment(self.body.get("startedAt"))

    @property
    def seconds(self) -> float | None:
        ended = _moment(self.body.get("stoppedAt"))
        return (ended - self.began).total_seconds() if self.began and ended else None

    @property
    def result(self) -> Json:
        return _object(_object(self.body.get("data")).get("resultData"))

    @property
    def node_runs(self) -> dict[str, list[Json]]:
        return self.result.get("runData") or {}

    @property
    def has_data(self) -> bool:
        """Whether n8n handed over what the nodes gave; it keeps back what is larger than its display limit."""
        return HUB in self.node_runs

    @property
    def last_node(self) -> str:
        return str(self.result.get("lastNodeExecuted") or "")

    @property
    def error(self) -> Json:
        return _object(self.result.get("error"))

    @property
    def hook_body(self) -> Json:
        """What the hub posted, wherever n8n keeps it: with the run of the trigger, or on the stack before that."""
        for run in self.node_runs.get(HUB, []):
            for item in _items(run):
                return _object(item.get("body"))
        stack = _object(_object(self.body.get("data")).get("executionData")).get("nodeExecutionStack") or []
        for entry in stack:
            for item in _items(_object(entry)):
                return _object(item.get("body"))
        return {}

    def rows(self) -> Iterator[str]:
        """Yield each row as a line of JSON: of all runs of the output node, else of the last node executed."""
        source = OUTPUT_NODE if OUTPUT_NODE in self.node_runs else self.last_node
        if source == HUB:
            return
        for run in self.node_runs.get(source, []):
            for item in _items(run):
                yield from _lines(item)

    def items_of(self, node: str) -> Iterator[Json]:
        for run in self.node_runs.get(node, []):
            yield from _items(run)

    def state(self) -> Json | None:
        found = [item for run in self.node_runs.get(STATE_NODE, []) for item in _items(run)]
        return found[-1] if found else None

    def write_rows(self, folder: Path) -> tuple[Output, int]:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "rows.ndjson"
        count = 0
        # JSON may carry half a surrogate pair, which is no UTF-8.
        with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            for line in self.rows():
                file.write(line + "\n")
                count += 1
        return Output(path, "ndjson"), count

    def log_lines(self) -> list[str]:
        runs = [(run, name, number) for name, found in self.node_runs.items() for number, run in enumerate(found)]
        runs.sort(key=lambda entry: (entry[0].get("startTime", 0), entry[0].get("executionIndex", 0)))
        return [_log_line(*entry) for entry in runs]


def _lines(item: Json) -> Iterator[str]:
    bulk = item.get(BULK_FIELD)
    if isinstance(bulk, str) and len(item) == 1:
        yield from (line for line in bulk.split("\n") if line)
    elif item and not _is_trigger_item(item):
        yield json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def _is_trigger_item(item: Json) -> bool:
    """A node that hands on what the trigger got would hand on the hub's token."""
    return item.keys() >= {"headers", "webhookUrl", "executionMode", "body"}


def _items(run: Json) -> Iterator[Json]:
    for output in _object(run.get("data")).get("main") or []:
        for item in output or []:
            yield _object(item.get("json"))


def _log_line(run: Json, name: str, number: int) -> str:
    count = sum(1 for _ in _items(run))
    again = f" (run {number + 1})" if number else ""
    line = f"{name}{again}: {count} item{'' if count == 1 else 's'} in {run.get('executionTime', 0)} ms"
    error = _object(run.get("error"))
    return f"{line}, failed: {error.get('message', 'no reason given')}" if error else line


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
