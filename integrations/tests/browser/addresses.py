"""Every page of the hub, found by walking its addresses, and one of each object for their places."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import requests

from integrations.tests.processes.hub import Hub
from servicetsunami.tests.routes import table

NOT_PAGES = re.compile(r"^/(api/|admin/|healthz|readyz|metrics|static/)|/(export|download|logo|log|events)$")
ONCE = re.compile(r"\{(secret|uidb64|token)\}|/authorised$|^/(welcome|login/|confirm/code|second-step/(off|codes))")
"""Addresses that only a link in somebody's mail leads to, or that show a page in the middle of something else alone."""

ADDRESSES = sorted(
    {
        row.route
        for row in table()
        if row.method == "GET" and not NOT_PAGES.search(row.route) and not ONCE.search(row.route)
    }
)


@dataclass(frozen=True, slots=True)
class Made:
    """One of each, by the noun of its address."""

    objects: dict[str, str]

    @classmethod
    def by(cls, hub: Hub) -> Made:
        rows = [{"id": n, "name": f"Zoë {n}", "tags": ["a", "b"], "place": {"city": "Köln"}} for n in range(120)]
        integration = hub.integrate("fake", {"rows": rows})
        data = {"auth": {"type": "bearer", "token": "planted"}}
        credential = hub.call("POST", "/api/v1/credentials/", {"connector": "rest_api", "name": "One", "data": data})
        run = hub.ended(hub.run(integration))
        shown = hub.get(f"/api/v1/integrations/{integration}")
        return cls(
            {
                "connectors": "rest_api",
                "credentials": credential.json()["id"],
                "data": shown["dataset"],
                "drafts": begun(hub),
                "integrations": integration,
                "runs": run["id"],
            }
        )


def begun(hub: Hub) -> str:
    """Begin to set up a connector as somebody at a browser does, and return the draft's id."""
    login = json.loads((hub.var / "login.json").read_text())
    url = f"http://127.0.0.1:{hub.port}"
    with requests.Session() as session:
        session.get(f"{url}/login", timeout=30)
        form = {"username": login["email"], "password": login["password"]}
        session.post(f"{url}/login", form | {"csrfmiddlewaretoken": session.cookies["csrftoken"]}, timeout=30)
        token = {"csrfmiddlewaretoken": session.cookies["csrftoken"]}
        answer = session.post(f"{url}/connectors/rest_api/set-up", token, allow_redirects=False, timeout=30)
    return answer.headers["Location"].split("/")[2]


def at(address: str, made: Made) -> str:
    """Fill the place of an address with the object that the noun before it stands for."""
    found = re.search(r"(\w+)/\{\w+\}", address)
    if found is None:
        return address
    if found[1] not in made.objects:
        raise AssertionError(f"{address} names an object that this test does not make: add {found[1]!r} to `Made`.")
    return re.sub(r"\{\w+\}", made.objects[found[1]], address)
