"""Do generated calls send what the node sends when somebody fills in its form in n8n's own editor, with literals?"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import override_settings

from connectors import schemas
from connectors.discovery import drafts, samples
from connectors.discovery.drafts import Draft
from connectors.discovery.store import Store
from connectors.schemas import property_schema
from embedded.n8n.testing import RunningN8n
from integrations.domain import Job, Json, Plan
from integrations.engines.n8n.engine import N8nEngine
from integrations.services import discovery
from integrations.services.discovery import Known
from integrations.tests.n8n.conftest import Provisioned, Reply, Request, Service

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]

ADDRESSES = ("server", "baseUrl", "url", "webDavUrl", "host", "domain", "homeserverUrl")
NODES = (
    *("github", "gitlab", "mattermost", "grafana", "wordpress", "nextCloud", "nocoDb", "erpNext", "discourse", "ghost"),
    *("jira", "zammad", "rocketchat", "gotify", "strapi", "baserow", "elasticsearch", "mautic", "matrix", "metabase"),
    *(
        "homeAssistant",
        "nocoDb",
        "grist",
        "magento2",
        "urlScanIo",
        "wekan",
        "taiga",
        "kobotoolbox",
        "mailcow",
        "splunk",
    ),
)
EACH = 4
SECONDS = 4
MOST = 3
"""Operations of each node: the first ones, the middle, and the last."""


@pytest.fixture(scope="module")
def known(n8n_server: RunningN8n, tmp_path_factory: pytest.TempPathFactory) -> Known:
    given = {"N8N_URL": n8n_server.url, "N8N_API_KEY": n8n_server.key}
    given |= {"N8N_EMAIL": n8n_server.email, "N8N_PASSWORD": n8n_server.password}
    with override_settings(**given):
        return discovery.read(Store(tmp_path_factory.mktemp("types")), discovery.connected())


def at(service: Service, draft: Draft) -> tuple[Json, bool]:
    """A credential that leads to the service instead of the real one, and whether the type can."""
    schema = draft.schema["credential"]
    value = samples.smallest(schema, {})
    holder = value.get("auth", value)
    parts = list(schemas.chosen(property_schema([schema], "auth") or schema, holder))
    names = {name for part in parts for name in part.get("properties", ())}
    found = next((name for name in ADDRESSES if name in names), None)
    secret = ("token", "key", "password")
    filled = {name: "sample" for name in names if name not in holder and name.lower().endswith(secret)}
    holder |= filled | {"username": "user"} if "username" in names else filled
    if found:
        holder[found] = service.url
        if found == "host" and "port" in names:
            holder |= {"host": "127.0.0.1", "port": int(service.url.rpartition(":")[2]), "ssl": False}
        if found == "domain" and "environment" in names:
            holder |= {"environment": "selfHosted"}
    return value, found is not None


def by_hand(draft: Draft, value: Json, known: Json) -> Json:
    """What somebody leaves in n8n's form who gives what it demands and touches nothing else."""
    parts = list(schemas.chosen(draft.schema["config"], value))
    needed = {name for part in parts for name in part.get("required", ())}
    made: Json = dict(known)
    for name in needed - known.keys():
        hint = (property_schema(parts, name) or {}).get("x-n8n") or {}
        if hint.get("as") == "locator":
            made[name] = {"__rl": True, "mode": hint["mode"], "value": value[name]}
        elif hint.get("as") == "only":
            made[name] = {hint["name"]: value[name]}
        else:
            made[name] = value[name]
    return made


def told(requests: list[Request]) -> list[Any]:
    volatile = ("content-length", "host", "connection")
    return [
        (one.method, one.path, one.query_list, one.body, {n: v for n, v in one.headers.items() if n not in volatile})
        for one in requests
    ]


def test_generated_calls_send_what_a_form_filled_by_hand_sends(
    known: Known, n8n: N8nEngine, service: Service, make_job: Callable[..., Job]
) -> None:
    service.answer = lambda _: Reply({})
    compared: dict[str, int] = {}
    different: list[str] = []
    for short in dict.fromkeys(NODES):
        found = known.nodes.get(f"n8n-nodes-base.{short}")
        draft = drafts.draft(found, known.types) if found else None
        if draft is None:
            continue
        credential, is_ours = at(service, draft)
        if not is_ours:
            continue
        plan = Plan(str(uuid.uuid4()), "By hand", draft.template, draft.sign_in.map, credential=credential)
        ref = n8n.provision(plan)
        for one in spread(draft.operations):
            value = samples.smallest(draft.schema["config"], one.known)
            if not samples.is_complete(draft.schema["config"], value):
                continue
            job = make_job(Provisioned(plan, ref), value, template=draft.template)
            ours = sent(n8n, service, job)
            bare = {**draft.template, "fields": {}}
            hand = sent(
                n8n, service, replace(job, template=bare, config=by_hand(draft, value, one.known), run_id=uuid.uuid4())
            )
            if ours or hand:
                compared[short] = compared.get(short, 0) + 1
            if ours != hand:
                different.append(f"{short} {one.name}: {ours} instead of {hand}")
        n8n.deprovision(ref)
    assert different == []
    assert len(compared) >= 20
    assert sum(compared.values()) >= 60


def spread(operations: tuple[Any, ...]) -> list[Any]:
    step = max(1, len(operations) // EACH)
    return list(operations[::step][:EACH])


def sent(n8n: N8nEngine, service: Service, job: Job) -> list[Any]:
    """The requests of one call, however it ends; one that goes on for long is stopped."""
    service.requests.clear()
    progress = n8n.start(job)
    until = time.monotonic() + SECONDS
    while progress.outcome is None and time.monotonic() < until:
        time.sleep(0.02)
        progress = n8n.poll(job, progress.handle)
    if progress.outcome is None:
        n8n.cancel(progress.handle)
    return told(service.requests[:MOST])
