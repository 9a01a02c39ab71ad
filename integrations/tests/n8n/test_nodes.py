from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.conf import LazySettings, settings

from connectors import schemas
from connectors.discovery import drafts, rows
from connectors.discovery.rows import Report
from connectors.discovery.store import Store
from connectors.models import Connector
from connectors.schemas import property_schema
from embedded.n8n.testing import RunningN8n
from integrations.domain import Job, Json, Plan, Progress, Ref, Trigger
from integrations.engines import registry
from integrations.engines.n8n import runner
from integrations.engines.n8n.engine import N8nEngine
from integrations.engines.n8n.provisioning import marked
from integrations.models import Credential, Integration
from integrations.services import choices, discovery, discovery_report, requests
from integrations.services.integrations import NewCredential
from integrations.testing import follow
from integrations.tests.n8n.conftest import Provisioned, Reply, Service, finish, rows_of
from tenants.models import Tenant

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines"), pytest.mark.django_db]


@pytest.fixture
def connected(n8n_server: RunningN8n, settings: LazySettings, tmp_path_factory: pytest.TempPathFactory) -> None:
    settings.N8N_URL, settings.N8N_API_KEY = n8n_server.url, n8n_server.key
    settings.N8N_EMAIL, settings.N8N_PASSWORD = n8n_server.email, n8n_server.password
    settings.VAR_DIR = tmp_path_factory.getbasetemp() / "discovered"


@pytest.fixture
def github(connected: None, settings: LazySettings) -> Connector:
    """One connector as discovery makes it of a real node."""
    known = discovery.read(Store(settings.VAR_DIR / "n8n-types"), discovery.connected())
    draft = drafts.draft(known.nodes["n8n-nodes-base.github"], known.types)
    assert draft is not None
    rows.put(draft, Report(), logo="", status="published")
    return Connector.objects.get(slug="n8n_github")


@pytest.fixture
def call(n8n: N8nEngine, make_job: Callable[..., Job]) -> Iterator[Callable[..., Progress]]:
    """Run one operation of a discovered connector, as the hub would: its form filled, its credential made in n8n."""
    made: list[Ref] = []

    def run(row: Connector, credential: Json, config: Json) -> Progress:
        filled = schemas.defaults(row.config_schema, config)
        assert schemas.validate(row.config_schema, filled) == []
        opened = schemas.defaults(row.credential_schema, credential)
        assert schemas.validate(row.credential_schema, opened) == []
        plan = Plan(
            key=str(uuid.uuid4()),
            name="A test",
            template=row.template,
            credential_map=row.n8n_credentials,
            credential=opened,
        )
        made.append(n8n.provision(plan))
        return finish(n8n, make_job(Provisioned(plan, made[-1]), filled, template=row.template))

    yield run
    for ref in made:
        n8n.deprovision(ref)


def signed_in(service: Service) -> Json:
    return {"auth": {"type": "githubApi", "server": service.url, "accessToken": "a-secret-token"}}


TWICE = {"mode": "raw", "jsonOutput": "={{ { twice: $('Called').item.json.pier * 2 } }}", "options": {}}
ISSUES = {"resource": "repository", "operation": "getIssues", "owner": "ahoy", "repository": "boat"}


def test_every_service_of_a_real_n8n_becomes_a_connector(connected: None) -> None:
    discovered = discovery.discover_nodes()
    found = list(Connector.objects.filter(source="node"))

    assert len(found) >= 270
    assert discovered.operations >= 3000
    assert discovered.complete / discovered.operations >= 0.95
    assert {row.slug: wrong for row in found if (wrong := schemas.check(row.schema))} == {}
    assert sum(bool(row.logo) for row in found) >= 250
    assert discovery.discover_nodes().changed == {}


def test_a_read_sends_what_was_entered_and_brings_its_rows(
    github: Connector, service: Service, call: Callable[..., Progress]
) -> None:
    service.answer = lambda _: Reply([{"id": 1, "title": "{{ 1 }}"}, {"id": 2, "title": "=leak"}])

    progress = call(github, signed_in(service), ISSUES)

    assert [row["id"] for row in rows_of(progress)] == [1, 2]
    asked = service.requests[-1]
    assert asked.path == "/repos/ahoy/boat/issues"
    assert asked.headers["authorization"] == "token a-secret-token"


def test_nothing_a_user_types_is_evaluated(github: Connector, service: Service, call: Callable[..., Progress]) -> None:
    nasty = '={{ $env.HOME }} {{ 40+2 }} "q" \\ 港'

    call(
        github,
        signed_in(service),
        {
            "resource": "issue",
            "operation": "create",
            "owner": "ahoy",
            "repository": "boat",
            "title": nasty,
            "body": "={{ 1+1 }}",
        },
    )

    sent = json.loads(service.requests[-1].body)
    assert (sent["title"], sent["body"]) == (nasty, "={{ 1+1 }}")


def test_what_the_service_refuses_is_said_as_of_any_connector(
    github: Connector, service: Service, call: Callable[..., Progress]
) -> None:
    service.answer = lambda _: Reply({"message": "Bad credentials"}, 401)

    failure = call(github, signed_in(service), ISSUES).outcome.failure

    assert (failure.code, failure.detail["http_status"]) == ("credential_refused", 401)
    assert "a-secret-token" not in str(failure)


def test_a_run_of_the_hub_lands_the_rows_of_a_node(
    github: Connector,
    service: Service,
    n8n: N8nEngine,
    make_integration: Callable[..., Integration],
    monkeypatch: pytest.MonkeyPatch,
    bells: list[str],
) -> None:
    others = registry.get
    monkeypatch.setattr(registry, "get", lambda name: n8n if name == "n8n" else others(name))
    service.answer = lambda _: Reply([{"id": 1}, {"id": 2}])
    account = NewCredential("github", signed_in(service))
    integration = make_integration(ISSUES, connector=github, credential=account)

    run = follow(requests.request(integration=integration, trigger=Trigger.API)[0])

    assert (run.state, run.rows, run.failure) == ("succeeded", 2, None)


def test_choices_are_loaded_as_n8ns_own_editor_does(
    github: Connector, service: Service, n8n: N8nEngine, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = N8nEngine(n8n.client.url, settings.N8N_API_KEY)
    monkeypatch.setattr(registry, "get", lambda name: engine)
    service.answer = lambda _: Reply({"workflows": [{"id": 7, "name": "Deploy"}]})
    config = {"resource": "workflow", "operation": "get", "owner": "={{ $env.HOME }}", "repository": "boat"}
    field = property_schema(list(schemas.chosen(github.config_schema, config)), "workflowId")
    account = Credential(tenant_id=acme.pk, connector=github, name="G", data=signed_in(service))

    found = choices.load(connector=github, credential=account, config=config, source=json.dumps(field["x-options"]))

    assert [(one.value, one.label) for one in found] == [("7", "Deploy")]
    assert service.requests[-1].path == "/repos//boat/actions/workflows"


def test_a_workflow_of_a_user_becomes_a_draft_that_runs_once_published(
    connected: None,
    n8n: N8nEngine,
    make_integration: Callable[..., Integration],
    monkeypatch: pytest.MonkeyPatch,
    bells: list[str],
) -> None:
    others = registry.get
    monkeypatch.setattr(registry, "get", lambda name: n8n if name == "n8n" else others(name))
    inputs = {"workflowInputs": {"values": [{"name": "pier", "type": "number"}]}}
    nodes = [
        {"name": "Called", "type": "n8n-nodes-base.executeWorkflowTrigger", "typeVersion": 1.1, "parameters": inputs},
        {"name": "Twice", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "parameters": TWICE},
    ]
    placed = [{**node, "id": node["name"], "position": [0, 0]} for node in nodes]
    links = {"Called": {"main": [[{"node": "Twice", "type": "main", "index": 0}]]}}
    body = {"name": "Piers", "nodes": placed, "connections": links, "settings": {}}
    made = n8n.client.api("POST", "/workflows", body).body["id"]

    discovery.discover_workflows()

    row = Connector.objects.get(n8n_workflow_id=made)
    assert (row.status, row.name) == ("draft", "Piers")
    Connector.objects.filter(pk=row.pk).update(status="published")
    integration = make_integration({"pier": 21}, connector=row)
    run = follow(requests.request(integration=integration, trigger=Trigger.API)[0])
    n8n.client.api("DELETE", f"/workflows/{made}")
    assert (run.state, run.failure) == ("succeeded", None)
    assert run.rows == 1


def test_the_report_counts_what_n8n_takes(github: Connector, n8n: N8nEngine) -> None:
    known = discovery.read(Store(settings.VAR_DIR / "n8n-types"), discovery.connected())
    one = replace(
        known,
        nodes={"n8n-nodes-base.github": known.nodes["n8n-nodes-base.github"]},
        types={"githubApi": known.types["githubApi"]},
    )

    figures = discovery_report.measure(one, n8n.client)

    assert figures.services == 1
    assert figures.operations == figures.with_form == figures.accepted >= 40
    assert figures.types_accepted == 1
    assert n8n.client.api("GET", "/workflows?name=Hub%20discovery%20report").body["data"] == []


def test_all_calls_share_one_runner(
    github: Connector, service: Service, n8n: N8nEngine, call: Callable[..., Progress]
) -> None:
    service.answer = lambda _: Reply([])
    for _ in range(2):
        call(github, signed_in(service), ISSUES)

    assert len(marked(n8n.client, runner.key())) == 1


def test_the_hub_is_told_nothing_without_the_runners_token(github: Connector, n8n: N8nEngine) -> None:
    path = runner.ensure(n8n.client)["path"]

    with pytest.raises(Exception, match="token"):
        n8n.client.call_hook(path, "guessed", {"items": [{}], "workflow": {}})
