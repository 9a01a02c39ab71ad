from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.domain import EngineError, Origin
from integrations.engines.fake import FakeEngine
from integrations.models import Integration, Run
from integrations.services import runs, waiting
from integrations.testing import fake_connector, follow
from integrations.tests.api.conftest import Api, pointers
from tenants.models import Tenant, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]

KEYS = {
    "id", "integration", "state", "trigger", "attempt", "progress", "rows", "bytes", "failure", "dataset_version",
    "queued_at", "started_at", "finished_at",
}  # fmt: skip


def start(api: Api, made: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = api.post(f"integrations/{made['id']}/run")
    assert answer.status_code == 202, answer.content
    return answer.json()


def ended(run: dict[str, Any]) -> Run:
    return follow(Run.everywhere.get(pk=run["id"]))


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Works while somebody waits: every pause of the waiting steps all runs."""

    def step(seconds: float) -> None:
        runs.advance(list(Run.everywhere.values_list("pk", flat=True)))

    monkeypatch.setattr(waiting.time, "sleep", step)


def test_a_run_is_queued_and_rung_for(make: Make, api: Api, bells: list[str]) -> None:
    answer = api.post(f"integrations/{make()['id']}/run")

    run = answer.json()
    assert (answer.status_code, run["state"], run["trigger"], run["attempt"]) == (202, "queued", "api", 1)
    assert run.keys() >= KEYS
    assert run["progress"] == {"done": None, "total": None, "unit": "", "message": ""}
    assert api.get(answer.headers["Location"]).json()["id"] == run["id"]


def test_the_bell_names_the_run(
    make: Make, api: Api, bells: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    made = make()
    with django_capture_on_commit_callbacks(execute=True):
        run = start(api, made)

    assert bells == [run["id"]]


def test_a_person_at_a_page_starts_by_hand(make: Make, alice: User) -> None:
    page = Api()
    page.force_login(alice)

    assert page.post(f"integrations/{make()['id']}/run").json()["trigger"] == "manual"


def test_starting_a_run_costs_few_queries(
    make: Make, api: Api, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = make()
    start(api, made)

    with django_assert_max_num_queries(5):  # token, integration, savepoint, run, savepoint
        start(api, made)


def test_the_same_key_returns_the_same_run(make: Make, api: Api) -> None:
    path = f"integrations/{make()['id']}/run"

    first = api.post(path, headers={"Idempotency-Key": "monday"})
    again = api.post(path, headers={"Idempotency-Key": "monday"})
    other = api.post(path, headers={"Idempotency-Key": "tuesday"})

    assert [answer.status_code for answer in (first, again, other)] == [202, 200, 202]
    assert first.json()["id"] == again.json()["id"] != other.json()["id"]


def test_a_key_that_comes_with_another_order_is_refused(make: Make, api: Api) -> None:
    path = f"integrations/{make()['id']}/run"
    monday = {"Idempotency-Key": "monday"}
    api.post(path, headers=monday)

    other = api.post(path, {"count": 2}, headers=monday)

    assert (other.status_code, other.json()["type"]) == (422, "urn:hub:idempotency_key_reused")
    assert (api.post(path, {}, headers=monday).status_code, Run.everywhere.count()) == (200, 1)


def test_many_runs_are_started_once_per_key(make: Make, api: Api) -> None:
    path = f"integrations/{make()['id']}/run"
    first = api.post(path, {"count": 12}, headers={"Idempotency-Key": "Monday"})
    api.post(path, {"count": 2}, headers={"Idempotency-Key": "monday"})

    again = api.post(path, {"count": 12}, headers={"Idempotency-Key": "Monday"})

    assert (first.status_code, again.status_code) == (202, 200)
    assert [run["id"] for run in again.json()["runs"]] == [run["id"] for run in first.json()["runs"]]
    assert Run.everywhere.count() == 14


def test_a_key_that_is_too_long_is_refused(make: Make, api: Api) -> None:
    answer = api.post(f"integrations/{make()['id']}/run", headers={"Idempotency-Key": "k" * 300})

    assert answer.status_code == 400


def test_many_runs_are_started_at_once(make: Make, api: Api) -> None:
    answer = api.post(f"integrations/{make()['id']}/run", {"count": 12})

    assert (answer.status_code, len({run["id"] for run in answer.json()["runs"]})) == (202, 12)
    assert Run.everywhere.count() == 12


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"count": 0}, "/count"), ({"count": 501}, "/count"), ({"count": "many"}, "/count"), ({"cuont": 2}, "/cuont")],
)
def test_a_wrong_order_is_refused(make: Make, api: Api, body: dict[str, Any], pointer: str) -> None:
    answer = api.post(f"integrations/{make()['id']}/run", body)

    assert (answer.status_code, pointers(answer)) == (400, [pointer])
    assert not Run.everywhere.exists()


def test_many_runs_are_not_waited_for(make: Make, api: Api) -> None:
    path = f"integrations/{make()['id']}/run"

    assert api.post(f"{path}?wait=5", {"count": 2}).status_code == 400
    assert not Run.everywhere.exists()


@pytest.mark.usefixtures("worker")
def test_a_caller_that_waits_gets_the_result(make: Make, api: Api) -> None:
    made = make(config={"rows": [{"a": 1}, {"a": 2}]})

    answer = api.post(f"integrations/{made['id']}/run?wait=30")

    run = answer.json()
    assert (answer.status_code, run["state"], run["rows"]) == (200, "succeeded", 2)
    assert run["dataset_version"] and run["finished_at"]


def test_a_caller_that_waits_too_short_gets_the_run_as_it_is(
    make: Make, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(waiting, "until_ended", lambda run_id, seconds: waits.append(seconds))

    answer = api.post(f"integrations/{make()['id']}/run?wait=300")

    assert (answer.status_code, answer.json()["state"], waits) == (202, "queued", [60])


def test_waiting_ends_when_the_time_is_over(make: Make, api: Api) -> None:
    run = start(api, make())

    assert not waiting.until_ended(run["id"], 0.05)


@pytest.mark.parametrize("wait", ["soon", "-1", "nan"])
def test_a_wait_that_is_no_number_is_refused(make: Make, api: Api, wait: str) -> None:
    answer = api.post(f"integrations/{make()['id']}/run?wait={wait}")

    assert (answer.status_code, Run.everywhere.count()) == (400, 0)


def test_an_engine_that_is_not_there_is_named(make: Make, api: Api, settings: Any) -> None:
    made = make()
    settings.ENGINES = {}

    answer = api.post(f"integrations/{made['id']}/run")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:hub:engine_not_configured")


def test_roles_decide_who_runs(make: Make, viewer: Api, operator: Api) -> None:
    path = f"integrations/{make()['id']}/run"

    assert [viewer.post(path).status_code, operator.post(path).status_code] == [403, 202]
    run = Run.everywhere.get()
    assert [caller.get(f"runs/{run.pk}").status_code for caller in (viewer, operator)] == [200, 200]
    assert [caller.post(f"runs/{run.pk}/cancel").status_code for caller in (viewer, operator)] == [403, 202]
    follow(run)
    assert [caller.post(f"runs/{run.pk}/retry").status_code for caller in (viewer, operator)] == [403, 202]


def test_a_stranger_finds_no_run(make: Make, api: Api, stranger: Api) -> None:
    path = f"runs/{start(api, make())['id']}"

    assert stranger.get("runs/").json()["results"] == []
    reads = [stranger.get(path), stranger.get(f"{path}/logs"), stranger.get(f"{path}/rows")]
    writes = [stranger.post(f"{path}/cancel"), stranger.post(f"{path}/retry"), stranger.get(f"runs/{uuid4()}")]
    assert [answer.status_code for answer in reads + writes] == [404] * 6


def test_runs_come_newest_first_in_pages(make: Make, api: Api) -> None:
    made = make()
    ids = [start(api, made)["id"] for _ in range(5)]

    seen, page = [], api.get("runs/", {"page_size": 2}).json()
    while True:
        seen += [run["id"] for run in page["results"]]
        if not page["next"]:
            break
        page = api.get(page["next"]).json()

    assert seen == ids[::-1]


def test_runs_queued_at_the_same_moment_come_once_each(make: Make, api: Api, acme: Tenant) -> None:
    made, moment = Integration.everywhere.get(pk=make()["id"]), datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(5):
        Run.everywhere.create(tenant=acme, integration=made, queue="fake", queued_at=moment)

    seen, page = [], api.get("runs/", {"page_size": 2}).json()
    while page["next"]:
        seen += [run["id"] for run in page["results"]]
        page = api.get(page["next"]).json()
    seen += [run["id"] for run in page["results"]]

    assert (len(seen), len(set(seen))) == (5, 5)


def test_runs_are_narrowed(make: Make, api: Api) -> None:
    one, other = make("one"), make("other")
    first, second = start(api, one), start(api, other)
    ended(first)
    now = datetime.now(UTC)

    def found(**query: Any) -> list[str]:
        return [run["id"] for run in api.get("runs/", query).json()["results"]]

    assert found(integration=other["id"]) == [second["id"]]
    assert found(state="succeeded") == [first["id"]]
    assert found(state=["succeeded", "queued"]) == [second["id"], first["id"]]
    assert found(trigger="schedule") == []
    assert found(queued_after=(now - timedelta(hours=1)).isoformat()) == [second["id"], first["id"]]
    assert found(queued_before=(now - timedelta(hours=1)).isoformat()) == []


@pytest.mark.parametrize("query", [{"state": "odd"}, {"integration": "no-id"}, {"queued_after": "yesterday"}])
def test_a_filter_that_means_nothing_is_refused(api: Api, query: dict[str, str]) -> None:
    answer = api.get("runs/", query)

    assert (answer.status_code, pointers(answer)) == (400, [f"/{next(iter(query))}"])


def test_a_list_of_runs_costs_the_same_however_long_it_is(
    make: Make, api: Api, acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = Integration.everywhere.get(pk=make()["id"])
    for _ in range(50):
        Run.everywhere.create(tenant=acme, integration=made, state="succeeded", due_at=None, queue="fake")
    api.get("runs/")

    with django_assert_num_queries(3):  # token, runs, versions
        assert len(api.get("runs/").json()["results"]) == 50


def test_a_failure_says_what_happened_and_what_to_do(make: Make, api: Api) -> None:
    failure = {"message": "The key was refused.", "retryable": False, "fix": "Enter the key again.", "step": "Fetch"}
    run = start(api, make(config={"failure": failure}))
    ended(run)

    seen = api.get(f"runs/{run['id']}").json()

    assert seen["state"] == "failed"
    assert seen["failure"].keys() == {"code", "origin", "step", "message", "fix", "retryable", "detail"}
    assert seen["failure"]["fix"] == "Enter the key again."


def test_a_run_shows_its_settings_without_secrets(api: Api, keyed: Any) -> None:
    credential = {"name": "Key", "data": {"key": "planted-secret"}}
    config = {"path": "/a", "salt": "planted-salt"}
    body = {"connector": "keyed", "name": "K", "config": config, "credential": credential}
    run = start(api, api.post("integrations/", body).json())
    ended(run)

    answer = api.get(f"runs/{run['id']}")

    assert answer.json()["config"] == {"path": "/a", "pages": 3, "salt": {"set": True}}
    assert b"planted" not in answer.content + api.get("runs/").content


def test_a_queued_run_is_cancelled(make: Make, api: Api) -> None:
    run = start(api, make())

    answer = api.post(f"runs/{run['id']}/cancel")

    assert answer.status_code == 202
    assert answer.json()["cancel_requested_at"]
    assert ended(run).state == "cancelled"
    again = api.post(f"runs/{run['id']}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "urn:hub:run_ended")


def test_a_run_is_tried_again_once_it_has_ended(make: Make, api: Api) -> None:
    run = start(api, make())
    assert api.post(f"runs/{run['id']}/retry").status_code == 409
    ended(run)

    again = api.post(f"runs/{run['id']}/retry")

    assert (again.status_code, again.json()["trigger"]) == (202, "retry")
    assert again.json()["id"] != run["id"]


def test_logs_come_by_cursor(make: Make, api: Api) -> None:
    run = start(api, make(config={"rows": []}))
    assert api.get(f"runs/{run['id']}/logs").json() == {"lines": [], "levels": [], "cursor": "", "is_last": False}
    ended(run)

    page = api.get(f"runs/{run['id']}/logs").json()
    assert (page["lines"], page["levels"], page["is_last"]) == (["a line of the fake engine"], ["info"], True)
    assert api.get(f"runs/{run['id']}/logs", {"cursor": page["cursor"]}).json()["lines"] == []


@pytest.mark.parametrize("asked", ["state=failed&state=succeeded", "trigger=api&trigger=manual&state=lost"])
def test_runs_of_several_states_come_in_one_order_page_by_page(make: Make, api: Api, asked: str) -> None:
    made = make()
    runs = [start(api, made)["id"] for _ in range(9)]
    moment = timezone.now()
    for at, run in enumerate(runs):
        state = ("failed", "succeeded", "lost")[at % 3]
        Run.everywhere.filter(pk=run).update(state=state, due_at=None, queued_at=moment + timedelta(seconds=at // 2))
    states = [word for word in ("failed", "succeeded", "lost") if word in asked]
    rows = Run.everywhere.filter(state__in=states).order_by("-queued_at", "-id")

    forth, back = [], []
    url: str | None = f"runs/?page_size=2&{asked}"
    while url:
        page = api.get(url).json()
        forth += [run["id"] for run in page["results"]]
        last, url = page, page["next"]
    while url := last["previous"]:
        last = api.get(url).json()
        back = [run["id"] for run in last["results"]] + back

    assert forth == [str(run.pk) for run in rows]
    assert back == forth[: len(back)]
    assert len(back) >= len(forth) - 2


@pytest.mark.parametrize("cursor", ["²", "../../hub.env", "9" * 41, "a b"])
def test_a_cursor_of_logs_that_never_was_is_refused(make: Make, api: Api, cursor: str) -> None:
    run = api.post(f"integrations/{make()['id']}/run").json()
    answer = api.get(f"runs/{run['id']}/logs", {"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/cursor")


def test_an_engine_that_cannot_give_logs_is_explained(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise EngineError("secret words", retryable=True, code="unreachable", origin=Origin.ENGINE, fix="Start it.")

    monkeypatch.setattr(FakeEngine, "logs", refuse)
    run = start(api, make(config={"rows": []}))
    ended(run)

    answer = api.get(f"runs/{run['id']}/logs")

    assert (answer.status_code, answer.json()["type"]) == (503, "urn:hub:unreachable")
    assert "Start it." in answer.json()["detail"] and b"secret words" not in answer.content


def test_rows_come_in_pages(make: Make, api: Api) -> None:
    run = start(api, make(config={"rows": [{"n": n, "word": "wörd"} for n in range(5)]}))
    ended(run)

    page = api.get(f"runs/{run['id']}/rows", {"limit": 2, "offset": 2}).json()

    assert [row["n"] for row in page["rows"]] == [2, 3]
    assert [column["name"] for column in page["columns"]] == ["n", "word"]
    assert (page["total"], page["limit"], page["offset"]) == (5, 2, 2)
    assert api.get(f"runs/{run['id']}/rows", {"offset": 99}).json()["rows"] == []


def test_a_run_without_rows_shows_none(make: Make, api: Api) -> None:
    page = api.get(f"runs/{start(api, make())['id']}/rows").json()

    assert (page["rows"], page["columns"], page["total"], page["dataset_version"]) == ([], [], 0, None)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"limit": "all"}, {"offset": -1}])
def test_a_page_that_cannot_be_is_refused(make: Make, api: Api, query: dict[str, Any]) -> None:
    answer = api.get(f"runs/{start(api, make())['id']}/rows", query)

    assert (answer.status_code, pointers(answer)) == (400, [f"/{next(iter(query))}"])


def test_a_run_names_what_it_read(make: Make, api: Api) -> None:
    source = make("source", config={"rows": [{"a": 1}]})
    first = start(api, source)
    ended(first)
    reader = start(api, make("reader", config={"reads": source["dataset"], "rows": []}))
    ended(reader)

    version = api.get(f"runs/{first['id']}").json()["dataset_version"]
    assert api.get(f"runs/{reader['id']}").json()["inputs"] == [{"name": "reads", "dataset_version": version}]


def test_a_hidden_connector_still_runs_what_uses_it(make: Make, api: Api) -> None:
    made = make()
    connector = fake_connector()
    connector.status = "hidden"
    connector.save()

    assert start(api, made)["state"] == "queued"
