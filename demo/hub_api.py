"""The hub's REST API as the demo uses it: the same calls anyone can make."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

Json = dict[str, Any]
FINAL = frozenset({"succeeded", "failed", "cancelled", "timed_out", "lost"})


class ApiError(RuntimeError):
    """The hub refused a call, in its own words."""


@dataclass(slots=True)
class HubApi:
    url: str
    token: str = field(repr=False)
    pause: Callable[[float], None] = time.sleep
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, body: Json | None = None, **headers: str) -> Json:
        answer = self.session.request(
            method,
            f"{self.url}/api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.token}", **headers},
            timeout=120,
        )
        if not answer.ok:
            raise ApiError(f"{method} {path} was answered with {answer.status_code}: {_words(answer)}")
        content: Json = answer.json() if answer.content else {}
        return content

    def all(self, path: str) -> Iterator[Json]:
        """Yield every row of a list, page by page."""
        page = self.call("GET", path)
        while True:
            yield from page["results"]
            if not page["next"]:
                return
            page = self.call("GET", page["next"].partition("/api/v1/")[2])

    def save(self, kind: str, body: Json) -> Json:
        """Make the credential or integration of this name, or bring the one there is up to date."""
        for row in self.all(f"{kind}/"):
            if row["name"] == body["name"] and row["connector"] == body["connector"]:
                changes = {name: value for name, value in body.items() if name != "connector"}
                return self.call("PATCH", f"{kind}/{row['id']}/", changes)
        return self.call("POST", f"{kind}/", body)

    def run(self, integration: Json) -> Json:
        return self.call("POST", f"integrations/{integration['id']}/run/", {})

    def follow(self, run: Json, look: Callable[[Json], None], seconds: float) -> Json:
        """Ask for the run until it has ended; `look` sees every answer."""
        deadline = time.monotonic() + seconds
        while run["state"] not in FINAL:
            if time.monotonic() > deadline:
                raise ApiError(f"Run {run['id']} is still {run['state']} after {seconds:.0f} s.")
            self.pause(0.3)
            run = self.call("GET", f"runs/{run['id']}/")
            look(run)
        return run


def _words(answer: requests.Response) -> str:
    try:
        problem = answer.json()
    except requests.JSONDecodeError:
        return answer.text[:500]
    fields = [f"{error.get('pointer')}: {error.get('detail')}" for error in problem.get("errors") or []]
    return " ".join([str(problem.get("detail") or problem.get("title") or problem), *fields])
