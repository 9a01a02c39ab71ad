from __future__ import annotations

import dataclasses
import itertools
import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from embedded.n8n.access import api_key, login
from embedded.n8n.account import Account
from embedded.n8n.testing import RunningN8n
from integrations.domain import EngineError, Job, Json, Plan
from integrations.engines.n8n.engine import N8nEngine
from integrations.engines.n8n.provisioning import id_of, mark_of
from integrations.tests.n8n.conftest import Provisioned, finish, follow, rows_of

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]

BASIC = {
    "type": "httpBasicAuth",
    "data": {"user": "/user", "password": "/password"},
    "node": {"authentication": "genericCredentialType", "genericAuthType": "httpBasicAuth"},
}


def workflow(*nodes: Json) -> Json:
    """Return a template: its trigger, then the nodes one after the other."""
    trigger = {"name": "Hub", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "parameters": {}}
    line = [{"position": [200 * at, 0], **node} for at, node in enumerate([trigger, *nodes])]
    steps = itertools.pairwise(line)
    links = {one["name"]: {"main": [[{"node": two["name"], "type": "main", "index": 0}]]} for one, two in steps}
    return {"nodes": line, "connections": links, "settings": {"executionOrder": "v1"}}


def setting(name: str, expression: str) -> Json:
    parameters = {"mode": "raw", "jsonOutput": expression, "options": {}}
    return {"name": name, "type": "n8n-nodes-base.set", "typeVersion": 3.4, "parameters": parameters}


def waiting(seconds: int) -> Json:
    parameters = {"resume": "timeInterval", "amount": seconds, "unit": "seconds"}
    return {"name": "Wait", "type": "n8n-nodes-base.wait", "typeVersion": 1.1, "parameters": parameters}


def calling(url: str) -> Json:
    parameters = {"method": "GET", "url": url, "authentication": "none", "options": {}}
    node = {"name": "Call", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "parameters": parameters}
    return {**node, "credentials": {"hub": {}}}


ECHO = workflow(setting("Hub Output", "={{ $json.body.config }}"))
SLOW = workflow(waiting(50), setting("Hub Output", "={{ $json.body.config }}"))


@pytest.fixture(scope="module")
def kept_in_n8n(n8n_server: RunningN8n) -> Callable[[str], list[str]]:
    """Name what n8n holds for a deployment, as its owner sees it."""
    session = login(n8n_server.url, Account.owner(n8n_server.server.setup.folder))

    def look(key: str) -> list[str]:
        flows, credentials = (
            session.get(f"{n8n_server.url}/rest/{what}", timeout=60).json()["data"]
            for what in ("workflows", "credentials")
        )
        ids = {id_of(key, "token"), id_of(key, "credential")}
        found = [flow["name"] for flow in flows if mark_of(key) in flow["name"]]
        return found + [credential["name"] for credential in credentials if credential["id"] in ids]

    return look


def test_a_run_brings_its_rows(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    job = make_job(provision(ECHO), {"greeting": "grüß dich 🎈", "formula": "={{ 1 + 1 }}"})
    assert rows_of(finish(n8n, job)) == [{"greeting": "grüß dich 🎈", "formula": "={{ 1 + 1 }}"}]


def test_a_run_hands_its_cursor_to_the_next(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    counting = workflow(setting("Hub State", "={{ { seen: ($json.body.state.seen || 0) + 1 } }}"))
    job = make_job(provision(counting), state={"seen": 4})
    outcome = finish(n8n, job).outcome
    assert outcome is not None
    assert outcome.state == {"seen": 5}


def test_the_log_has_a_line_for_each_node(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    progress = finish(n8n, make_job(provision(ECHO)))
    page = n8n.logs(progress.handle, "")
    assert [line.partition(":")[0] for line in page.lines] == ["Hub", "Hub Output"]
    assert n8n.logs(progress.handle, page.cursor).lines == ()
    assert page.is_last
    assert progress.outcome is not None
    assert progress.outcome.log == page.lines


def test_what_landed_is_dropped_from_n8n(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    job = make_job(provision(ECHO))
    progress = finish(n8n, job)
    n8n.forget(progress.handle)
    n8n.forget(progress.handle)
    with pytest.raises(EngineError) as caught:
        n8n.poll(job, progress.handle)
    assert caught.value.failure.code == "lost"


def test_a_cancelled_run_ends_in_n8n(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    job = make_job(provision(SLOW))
    progress = n8n.start(job)
    assert n8n.poll(job, progress.handle).outcome is None
    n8n.cancel(progress.handle)
    outcome = follow(n8n, job, progress).outcome
    assert outcome is not None
    assert outcome.is_cancelled
    n8n.cancel(progress.handle)


def test_a_started_run_is_found_by_its_key(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    deployed = provision(SLOW)
    job, other = make_job(deployed), make_job(deployed)
    assert n8n.find(job) is None
    started, ended = n8n.start(job), n8n.start(other)
    n8n.cancel(ended.handle)
    follow(n8n, other, ended)
    assert n8n.find(job) == started.handle
    assert n8n.find(other) == ended.handle
    n8n.cancel(started.handle)


def test_a_workflow_deleted_by_hand_is_made_again(
    n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]
) -> None:
    deployed = provision(ECHO)
    n8n.deprovision(deployed.ref)
    with pytest.raises(EngineError) as caught:
        n8n.start(make_job(deployed))
    assert caught.value.failure.code == "deployment_missing"
    assert caught.value.retryable
    again = dataclasses.replace(deployed.plan, ref=deployed.ref)
    mended = Provisioned(again, n8n.provision(again))
    assert rows_of(finish(n8n, make_job(mended, {"n": 1}))) == [{"n": 1}]
    n8n.deprovision(mended.ref)


def test_a_hook_credential_deleted_by_hand_is_noticed(
    n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]
) -> None:
    deployed = provision(ECHO)
    n8n.client.api("DELETE", f"/credentials/{id_of(deployed.plan.key, 'token')}")
    with pytest.raises(EngineError) as caught:
        n8n.start(make_job(deployed))
    assert caught.value.failure.code == "deployment_missing"


def test_provisioning_twice_finds_what_a_crash_left(
    n8n: N8nEngine, kept_in_n8n: Callable[[str], list[str]], provision: Callable
) -> None:
    deployed = provision(ECHO)
    assert n8n.provision(deployed.plan) == deployed.ref
    assert len(kept_in_n8n(deployed.plan.key)) == 2


def test_a_changed_credential_reaches_n8n(
    n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job], service
) -> None:
    template = workflow(calling(service.url), setting("Hub Output", "={{ { ok: true } }}"))
    old = provision(template, credential_map=BASIC, credential={"user": "ann", "password": "old-secret"})
    finish(n8n, make_job(old))
    new = dataclasses.replace(old.plan, credential={"user": "ann", "password": "new-secret"}, ref=old.ref)
    assert n8n.provision(new) == old.ref
    progress = finish(n8n, make_job(old))
    first, second = (asked.headers["authorization"] for asked in service.requests)
    assert first != second
    stored = n8n.client.api("GET", f"/executions/{progress.handle['execution']}?includeData=true").body
    assert "new-secret" not in json.dumps(stored)
    assert second not in json.dumps(stored)


def test_a_credential_that_is_not_used_any_more_goes(
    n8n: N8nEngine, kept_in_n8n: Callable[[str], list[str]], provision: Callable, service
) -> None:
    template = workflow(calling(service.url))
    old = provision(template, credential_map=BASIC, credential={"user": "ann", "password": "old-secret"})
    assert len(kept_in_n8n(old.plan.key)) == 3
    n8n.provision(dataclasses.replace(old.plan, credential={}, ref=old.ref))
    assert len(kept_in_n8n(old.plan.key)) == 2


def test_deprovisioning_finds_what_nobody_could_write_down(
    n8n: N8nEngine, kept_in_n8n: Callable[[str], list[str]], provision: Callable
) -> None:
    deployed = provision(ECHO)
    n8n.deprovision({"key": deployed.plan.key})
    assert kept_in_n8n(deployed.plan.key) == []


def test_deprovisioning_leaves_nothing_and_may_be_repeated(
    n8n: N8nEngine, kept_in_n8n: Callable[[str], list[str]], service
) -> None:
    key = str(uuid.uuid4())
    secret = {"user": "ann", "password": "s3cret"}
    plan = Plan(key=key, name="Gone", template=workflow(calling(service.url)), hook_token="t0ken")
    ref = n8n.provision(dataclasses.replace(plan, credential_map=BASIC, credential=secret))
    n8n.deprovision(ref)
    n8n.deprovision(ref)
    assert kept_in_n8n(key) == []


def test_a_failed_provisioning_leaves_nothing_and_says_so(
    n8n: N8nEngine, kept_in_n8n: Callable[[str], list[str]]
) -> None:
    broken = workflow({"name": "Odd", "type": "n8n-nodes-base.noSuchNode", "typeVersion": 1, "parameters": {}})
    plan = Plan(key=str(uuid.uuid4()), name="Broken", template=broken, hook_token="t0ken")
    with pytest.raises(EngineError, match="Nothing of it was left in n8n") as caught:
        n8n.provision(plan)
    assert not caught.value.retryable
    assert kept_in_n8n(plan.key) == []


def test_a_node_that_fails_is_named(n8n: N8nEngine, provision: Callable, make_job: Callable[..., Job]) -> None:
    outcome = finish(n8n, make_job(provision(workflow(setting("Sum", "={{ 'no object' }}"))))).outcome
    assert outcome is not None
    assert outcome.failure is not None
    assert outcome.failure.step == "Sum"
    assert outcome.failure.message.startswith("Sum: ")


def test_a_wrong_key_is_told_apart_from_a_missing_n8n(n8n_server: RunningN8n) -> None:
    health = N8nEngine(n8n_server.url, "wrong").check()
    assert not health.is_ok
    assert "refuses the API key" in health.problem
    assert N8nEngine(n8n_server.url, n8n_server.key).check().version == "2.41.1"


def test_an_api_key_is_made_again_when_it_is_refused(n8n_server: RunningN8n, tmp_path) -> None:
    folder = n8n_server.server.setup.folder
    for account in ("owner.json", "hub.json"):
        (tmp_path / account).write_text((folder / account).read_text())
    (tmp_path / "api-key").write_text("refused")
    made = api_key(n8n_server.url, tmp_path, label="another key")
    assert made not in ("refused", n8n_server.key)
    assert (tmp_path / "api-key").stat().st_mode & 0o777 == 0o600
    assert api_key(n8n_server.url, tmp_path) == made


def test_a_job_is_not_found_among_older_executions(n8n: N8nEngine, provision: Callable, make_job: Callable) -> None:
    deployed = provision(ECHO)
    finish(n8n, make_job(deployed))
    assert n8n.find(make_job(deployed, asked_at=datetime.now(UTC))) is None
