from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest

from integrations.tests.processes.hub import Hub, running
from integrations.tests.processes.works import N8n, Service, Work

pytestmark = [pytest.mark.processes, pytest.mark.n8n]


def test_runs_live_through_the_death_and_rebirth_of_n8n(hub: Hub, n8n: N8n, make_work: Callable[..., Work]) -> None:
    once, twice, late = (make_work("n8n") for _ in range(3))
    failing = hub.run(hub.integrate(once.connector, once.config, max_attempts=1))
    retried = hub.run(hub.integrate(twice.connector, twice.config, max_attempts=2))
    hub.wait_for(lambda: once.starts() and twice.starts(), "the works' begin")
    hub.wait_for(lambda: hub.handle(failing) and hub.handle(retried), "the handles")
    n8n.kill()
    for work in (once, twice, late):
        work.let_through()
    waiting = hub.run(hub.integrate(late.connector, late.config))
    hub.wait_for(lambda: "does not answer" in hub.shown(waiting)["progress"]["message"], "word of n8n's absence")
    n8n.start_again()
    crashed, mended, patient = (hub.ended(run) for run in (failing, retried, waiting))
    assert (crashed["state"], crashed["failure"]["code"]) == ("failed", "engine_crashed"), crashed
    assert "n8n was restarted or killed" in crashed["failure"]["message"]
    assert (mended["state"], mended["attempt"], twice.starts()) == ("succeeded", 2, 2), mended
    assert (patient["state"], patient["attempt"], late.starts()) == ("succeeded", 1, 1), patient


def test_a_wrong_api_key_fails_what_has_not_begun_and_names_the_setting(hub: Hub, service: Service) -> None:
    hub.restart_worker(N8N_API_KEY="wrong")
    try:
        ended = hub.ended(hub.run(hub.integrate("rest_api", {"url": service.url}, credential=new_credential())))
    finally:
        hub.restart_worker()
    assert (ended["state"], ended["failure"]["code"]) == ("failed", "n8n_key_refused"), ended
    assert "N8N_API_KEY" in ended["failure"]["fix"]


def test_a_wrong_api_key_ends_no_work_that_goes_on_in_n8n(hub: Hub, make_work: Callable[..., Work]) -> None:
    work = make_work("n8n")
    run = hub.run(hub.integrate(work.connector, work.config))
    hub.wait_for(lambda: work.starts() and hub.handle(run), "the work's begin")
    hub.restart_worker(N8N_API_KEY="wrong")
    try:
        hub.wait_for(lambda: "refuses the API key" in hub.shown(run)["progress"]["message"], "word of the wrong key")
    finally:
        hub.restart_worker()
    work.let_through()
    assert (hub.ended(run)["state"], work.starts()) == ("succeeded", 1)


def test_a_workflow_deleted_by_hand_is_made_again_for_the_next_run(hub: Hub, n8n: N8n, service: Service) -> None:
    integration = hub.integrate("rest_api", {"url": service.url}, credential=new_credential())
    assert hub.ended(hub.run(integration))["state"] == "succeeded"
    workflow = workflow_of(hub, integration)
    n8n.call("POST", f"/workflows/{workflow}/unpublish")
    hub.wait_for(lambda: n8n.call("DELETE", f"/workflows/{workflow}").status_code in (200, 404), "the deletion")
    assert hub.ended(hub.run(integration))["state"] == "succeeded"
    assert workflow_of(hub, integration) != workflow


def test_a_changed_credential_reaches_n8n_before_the_next_run(hub: Hub, service: Service, secret: str) -> None:
    wrong = {**new_credential(), "data": keyed("wrong")}
    integration = hub.integrate("rest_api", {"url": f"{service.url}/keyed/"}, credential=wrong)
    assert hub.ended(hub.run(integration))["failure"]["code"] == "credential_refused"
    workflow = workflow_of(hub, integration)
    credential = hub.get(f"/api/v1/integrations/{integration}")["credential"]
    assert hub.call("PATCH", f"/api/v1/credentials/{credential}", {"data": keyed(secret)}).status_code == 200
    assert hub.ended(hub.run(integration))["state"] == "succeeded"
    assert workflow_of(hub, integration) == workflow


def test_the_last_integration_to_go_takes_workflow_and_credentials_out_of_n8n(
    hub: Hub, n8n: N8n, service: Service, secret: str
) -> None:
    config = {"url": f"{service.url}/keyed/"}
    first = hub.integrate("rest_api", config, credential={**new_credential(), "data": keyed(secret)})
    shared = hub.get(f"/api/v1/integrations/{first}")["credential"]
    second = hub.integrate("rest_api", config, credential=shared)
    for integration in (first, second):
        assert hub.ended(hub.run(integration))["state"] == "succeeded"
    workflow, credentials = workflow_of(hub, first), credentials_of(n8n, workflow_of(hub, first))
    assert workflow_of(hub, second) == workflow
    assert hub.call("DELETE", f"/api/v1/integrations/{first}").status_code == 204
    assert hub.ended(hub.run(second))["state"] == "succeeded"
    assert hub.call("DELETE", f"/api/v1/integrations/{second}").status_code == 204
    hub.wait_for(lambda: n8n.call("GET", f"/workflows/{workflow}").status_code == 404, "the workflow's end")
    assert len(credentials) == 2
    hub.wait_for(lambda: not credentials & n8n.credentials(), "the credentials' end")


def test_a_hub_without_n8n_says_what_is_missing_and_how_to_get_it() -> None:
    with running({"n8n": "integrations.engines.n8n.engine.N8nEngine"}) as bare:
        assert "rest_api" in {row["slug"] for row in bare.get("/api/v1/integrations/available")["results"]}
        ended = bare.ended(bare.run(bare.integrate("rest_api", {"url": "http://127.0.0.1:9"})))
    assert (ended["state"], ended["failure"]["code"]) == ("failed", "n8n_missing"), ended
    assert "N8N_URL is empty" in ended["failure"]["message"]
    assert "make up" in ended["failure"]["fix"]


def new_credential() -> dict[str, object]:
    """Ask for a credential, and with it for a workflow, that no other integration shares."""
    return {"name": secrets.token_hex(4), "data": {"auth": {"type": "none"}}}


def keyed(key: str) -> dict[str, object]:
    return {"auth": {"type": "api_key", "in": "header", "name": "X-Key", "key": key}}


def credentials_of(n8n: N8n, workflow: str) -> set[str]:
    """Name the credentials that the workflow's nodes use."""
    nodes = n8n.call("GET", f"/workflows/{workflow}").json()["nodes"]
    return {used["id"] for node in nodes for used in node.get("credentials", {}).values()}


def workflow_of(hub: Hub, integration: str) -> str:
    query = (
        "SELECT json_extract(d.ref, '$.workflow') FROM integrations_deployment d"
        " JOIN integrations_integration i ON i.deployment_id = d.id WHERE i.id = ?"
    )
    [(workflow,)] = hub.rows(query, integration.replace("-", ""))
    return workflow
