"""The main job, through the hub's own API: n8n brings flights and airlines, Spark turns them into delay by airline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from demo.answer import QUERY, Row
from demo.hub_api import ApiError, HubApi, Json

RUN_SECONDS = 300.0
FLIGHTS, AIRLINES, DELAYS = "Flights of January 2013", "Airlines", "Delay by airline"


class JobError(RuntimeError):
    """A run did not succeed; the message has the hub's own words on why and what to do."""


@dataclass(slots=True)
class Job:
    api: HubApi
    service_url: str
    service_key: str = field(repr=False)
    say: Callable[[str], None] = print
    seconds: dict[str, float] = field(default_factory=dict)
    """Where the time went, by step."""
    runs: dict[str, Json] = field(default_factory=dict)

    def do(self) -> list[Row]:
        """Configure the three integrations, run them, and return the answer's rows."""
        began = time.monotonic()
        credential = self._credential()
        airlines, flights = self._source(AIRLINES, "airlines", credential), self._source(FLIGHTS, "flights", credential)
        # The airlines' landing is not the news we wait for: the flights' is.
        delays = self._transform(flights, airlines, on_new_data=False)
        self.seconds["configure"] = time.monotonic() - began
        self._run(AIRLINES, airlines)
        delays = self._transform(flights, airlines, on_new_data=True)
        known = {run["id"] for run in self._runs_of(delays)}
        self._run(FLIGHTS, flights)
        self._follow(DELAYS, self._started_by_itself(delays, known))
        return self._rows(delays)

    def _credential(self) -> Json:
        data = {"auth": {"type": "api_key", "in": "header", "name": "X-API-Key", "key": self.service_key}}
        return self.api.save("credentials", {"connector": "rest_api", "name": "Sample service", "data": data})

    def _source(self, name: str, table: str, credential: Json) -> Json:
        config = {
            "url": self.service_url,
            "path": table,
            "records_path": "records",
            "query": [{"name": "month", "value": "1"}] if table == "flights" else [],
            "pagination": {"type": "page", "size_param": "page_size", "page_size": 1000, "more_path": "has_more"},
        }
        body = {"connector": "rest_api", "name": name, "config": config, "credential": credential["id"]}
        return self.api.save("integrations", body)

    def _transform(self, flights: Json, airlines: Json, *, on_new_data: bool) -> Json:
        tables = {"flights": flights, "airlines": airlines}
        inputs = [{"name": name, "dataset": source["dataset"]} for name, source in tables.items()]
        config = {"inputs": inputs, "query": QUERY}
        body = {"connector": "sql_transform", "name": DELAYS, "config": config, "on_new_data": on_new_data}
        return self.api.save("integrations", body)

    def _run(self, name: str, integration: Json) -> None:
        self._follow(name, self.api.run(integration))

    def _follow(self, name: str, run: Json) -> None:
        began = time.monotonic()
        shown = ""

        def look(run: Json) -> None:
            nonlocal shown
            if (line := _progress(name, run)) != shown:
                shown = line
                self.say(line)

        look(run)
        ended = self.api.follow(run, look, RUN_SECONDS)
        self.runs[name] = ended
        self.seconds[name] = time.monotonic() - began
        if ended["state"] != "succeeded":
            raise JobError(_failure(name, ended))

    def _runs_of(self, integration: Json) -> list[Json]:
        return list(self.api.all(f"runs/?integration={integration['id']}"))

    def _started_by_itself(self, integration: Json, known: set[str]) -> Json:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if fresh := [run for run in self._runs_of(integration) if run["id"] not in known]:
                return fresh[0]
            self.api.pause(0.2)
        raise ApiError("The flights landed, but the Spark integration that waits for them did not start.")

    def _rows(self, integration: Json) -> list[Row]:
        preview = self.api.call("GET", f"datasets/{integration['dataset']}/preview/?limit=100")
        return [{column["name"]: row[column["name"]] for column in preview["columns"]} for row in preview["rows"]]


def _progress(name: str, run: Json) -> str:
    progress = run.get("progress") or {}
    done, total, unit = progress.get("done"), progress.get("total"), progress.get("unit") or ""
    amount = f" {done:,} of {total:,} {unit}" if done and total else f" {done:,} {unit}" if done else ""
    rows = f" {run['rows']:,} rows" if run["state"] == "succeeded" and run.get("rows") is not None else ""
    return f"{name}: {run['state']}{rows or amount} {progress.get('message') or ''}".rstrip()


def _failure(name: str, run: Json) -> str:
    failure = run.get("failure") or {}
    return f"{name} {run['state']} (run {run['id']}): {failure.get('message', '')} {failure.get('fix', '')}".strip()
