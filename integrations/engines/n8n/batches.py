"""A call for each row of a dataset: batch after batch through the runner, each row with its own result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb

from connectors.discovery.drafts import ROWS
from integrations.domain import Failure, Handle, Job, Json, Origin, Outcome, Output
from integrations.engines.n8n import failures
from integrations.engines.n8n.execution import Execution
from integrations.masking import Mask

BATCH = 200
"""A row takes about 20 ms and the service's own time: a batch is cancelled, or lost, as a whole."""
OUTPUT, REJECTED = "Hub Output", "Hub Rejected"
REJECTED_NAME = "rejected"
_NO_COLUMNS = "_hub_no_columns"


@dataclass(frozen=True, slots=True)
class Source:
    """Rows in the order in which they were landed."""

    uri: str

    def count(self) -> int:
        return int(self._asked("SELECT count(*) FROM read_parquet(?)", [self._path])[0][0])

    def rows(self, start: int, number: int) -> list[Json]:
        query = "SELECT to_json(t)::VARCHAR FROM (SELECT * FROM read_parquet(?) LIMIT ? OFFSET ?) t"
        found = [json.loads(line) for (line,) in self._asked(query, [self._path, number, start])]
        return [{name: value for name, value in row.items() if name != _NO_COLUMNS} for row in found]

    @property
    def _path(self) -> str:
        parsed = urlsplit(self.uri)
        path = unquote(parsed.path) if parsed.scheme == "file" else self.uri
        return f"{path}/*.parquet" if Path(path).is_dir() else path

    def _asked(self, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
        with duckdb.connect() as connection:
            return connection.execute(query, values).fetchall()


def begun(job: Job) -> Handle | None:
    """The handle of a job that is made row by row, before its first batch; None for any other job."""
    found = next((source for source in job.inputs if source.name == ROWS), None)
    if found is None:
        return None
    return {"batch": 0, "source": found.uri, "total": Source(found.uri).count(), "done": []}


def is_last(handle: Handle) -> bool:
    return bool((handle["batch"] + 1) * BATCH >= handle["total"])


def after(handle: Handle) -> Handle:
    """The handle of the next batch, which has no execution yet."""
    return {**handle, "batch": handle["batch"] + 1, "done": [*handle["done"], handle["execution"]], "execution": ""}


def key(job: Job, handle: Handle) -> str:
    """Names a batch in n8n, so that one which was begun and not written down is found again."""
    return f"{job.key}.{handle['batch']}" if handle["batch"] else job.key


def items(handle: Handle) -> list[Json]:
    start = handle["batch"] * BATCH
    return [{"i": start + at, "row": row} for at, row in enumerate(Source(handle["source"]).rows(start, BATCH))]


def executions(handle: Handle) -> list[str]:
    return [one for one in (*handle.get("done", ()), handle.get("execution")) if one]


def concluded(job: Job, found: Iterator[Execution]) -> Outcome:
    """All batches together: what each row brought, and the rows that were refused, as a second dataset."""
    mask = Mask(list(_texts(job.credential)))
    job.workspace.mkdir(parents=True, exist_ok=True)
    taken, refused = job.workspace / "rows.ndjson", job.workspace / "rejected.ndjson"
    counts, first = [0, 0], ""
    with _writing(taken) as main, _writing(refused) as other:
        for execution in found:
            for item in execution.items_of(OUTPUT):
                main.write(_line({"hub_row": item["i"] + 1, **_object(item.get("out"))}))
                counts[0] += 1
            for item in execution.items_of(REJECTED):
                error = mask.text(str(item.get("error") or "no reason given"))
                first = first or error
                other.write(_line({"hub_row": item["i"] + 1, "hub_error": error, **_object(item.get("row"))}))
                counts[1] += 1
    if counts[1] and not counts[0]:
        return Outcome(failure=_all_refused(counts[1], first))
    rejected = Output(refused, "ndjson", REJECTED_NAME)
    metrics = {"rows": counts[0], "rejected": counts[1]}
    return Outcome(output=Output(taken, "ndjson"), others=(rejected,), metrics=metrics)


def broken_off(handle: Handle, failure: Failure | None) -> Failure:
    """Rows may have been written already: whoever tries again must know, so the hub does not do it by itself."""
    told = failure or failures.CRASHED
    start = handle["batch"] * BATCH
    upto = min(start + BATCH, handle["total"])
    message = (
        f"{told.message} It was at rows {start + 1} to {upto} of {handle['total']}; those before were handed over."
    )
    fix = f"Look at the service for which of the rows {start + 1} to {upto} arrived, before you run it again."
    return replace(told, message=message, fix=fix, retryable=False)


def _all_refused(number: int, first: str) -> Failure:
    return Failure(
        "rows_rejected",
        Origin.SERVICE,
        f"None of the {number} rows was taken. The first: {first[: failures.QUOTED_CHARACTERS]}",
        fix="The message says what the service has against the first row; check the settings and the columns.",
    )


def _writing(path: Path) -> Any:
    # JSON may carry half a surrogate pair, which is no UTF-8.
    return path.open("w", encoding="utf-8", errors="replace", newline="\n")


def _line(row: Json) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
