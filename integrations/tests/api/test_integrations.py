import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from integrations.models import Credential, Integration, Run
from integrations.services import requests
from integrations.testing import fake_connector, follow
from integrations.tests.api.conftest import Api, pointers
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]

KEYS = {
    "id", "connector", "connector_version", "name", "config", "credential", "enabled", "schedule", "on_new_data",
    "timeout_seconds", "max_attempts", "health", "last_run", "next_run_at", "dataset", "created_at", "updated_at",
}  # fmt: skip
NEW_KEY = {"name": "Key", "data": {"url": "https://one.example.com", "key": "planted-secret"}}


def row(made: dict[str, Any]) -> Integration:
    return Integration.everywhere.get(pk=made["id"])


def test_an_integration_is_made_and_read(make: Make, api: Api) -> None:
    made = make(config={"a": 1}, schedule={"cron": "0 6 * * *", "time_zone": "Europe/Berlin"})

    assert made.keys() >= KEYS
    assert (made["connector"], made["health"], made["last_run"]) == ("fake", "never_run", None)
    assert made["schedule"] == {"cron": "0 6 * * *", "time_zone": "Europe/Berlin"}
    assert made["next_run_at"] and made["dataset"]
    assert api.get(f"integrations/{made['id']}").json() == made


def test_a_new_integration_says_where_it_is(api: Api) -> None:
    fake_connector()
    answer = api.post("integrations/", {"connector": "fake", "name": "Flights"})

    assert api.get(answer.headers["Location"]).json()["id"] == answer.json()["id"]


def test_calls_answer_with_and_without_a_slash_at_the_end(make: Make, api: Api) -> None:
    made = make()

    assert api.get("integrations").json()["results"] == [made]
    assert api.get(f"integrations/{made['id']}/").json() == made
    assert api.post(f"integrations/{made['id']}/run/").status_code == 202


def test_the_catalogue_is_not_shadowed_by_ids(api: Api) -> None:
    fake_connector()

    assert "fake" in [each["slug"] for each in api.get("integrations/available").json()["results"]]
    assert api.get("integrations/no-id").status_code == 404


def test_a_list_comes_in_pages(make: Make, api: Api) -> None:
    names = [make(f"number {number}")["name"] for number in range(3)]

    first = api.get("integrations/", {"page_size": 2}).json()
    second = api.get(first["next"]).json()

    assert [each["name"] for each in first["results"] + second["results"]] == names[::-1]
    assert (first["previous"], second["next"]) == (None, None)


def test_a_list_costs_the_same_however_long_it_is(
    make: Make, api: Api, django_assert_num_queries: DjangoAssertNumQueries, acme: Tenant
) -> None:
    for number in range(50):
        made = row(make(f"number {number}"))
        Run.everywhere.create(tenant=acme, integration=made, state="succeeded", due_at=None, queue="fake")
    api.get("integrations/")  # the token's last use is written down once a minute

    with django_assert_num_queries(7):  # token, integrations, connectors, last runs, these, their versions, datasets
        answer = api.get("integrations/")

    assert [each["last_run"]["state"] for each in answer.json()["results"]] == ["succeeded"] * 50


@pytest.mark.parametrize(
    ("query", "found"),
    [({"search": "flig"}, ["Flights"]), ({"connector": "none"}, []), ({"enabled": "false"}, ["Trains"])],
)
def test_a_list_is_narrowed(make: Make, api: Api, query: dict[str, str], found: list[str]) -> None:
    make("Flights")
    make("Trains", enabled=False)

    assert [each["name"] for each in api.get("integrations/", query).json()["results"]] == found


def test_a_stranger_finds_nothing(make: Make, stranger: Api) -> None:
    path = f"integrations/{make()['id']}"

    assert stranger.get("integrations/").json()["results"] == []
    answers = [
        stranger.get(path),
        stranger.put(path, {"name": "mine"}),
        stranger.patch(path, {"name": "mine"}),
        stranger.delete(path),
        stranger.post(f"{path}/run"),
        stranger.get(f"integrations/{uuid4()}"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 6
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/problem+json"}


def test_nobody_gets_in_without_a_token(db: None) -> None:
    assert Api().get("integrations/").status_code == 401


def test_methods_that_mean_nothing_here_are_refused(make: Make, api: Api) -> None:
    path = f"integrations/{make()['id']}"

    answers = [
        api.options(path),
        api.post(path),
        api.get(f"{path}/run"),
        api.put("integrations/"),
        api.options("runs/"),
    ]
    assert [answer.status_code for answer in answers] == [405] * 5
    assert api.head(path).status_code == 200


def test_a_form_is_no_json(api: Api) -> None:
    answer = api.generic("POST", "integrations/", "name=Flights", content_type="application/x-www-form-urlencoded")

    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "application/problem+json")


def test_roles_decide_who_changes(make: Make, viewer: Api, operator: Api, editor: Api) -> None:
    path = f"integrations/{make()['id']}"

    assert [caller.get(path).status_code for caller in (viewer, operator, editor)] == [200, 200, 200]
    changes = [caller.patch(path, {"name": "other"}).status_code for caller in (viewer, operator, editor)]
    assert changes == [403, 403, 200]
    assert [caller.delete(path).status_code for caller in (viewer, operator, editor)] == [403, 403, 204]


def test_text_that_is_no_json_is_refused(api: Api) -> None:
    answer = api.generic("POST", "integrations/", '{"name": ', content_type="application/json")

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_fields_that_nobody_knows_are_named(api: Api) -> None:
    fake_connector()
    body = {"connector": "fake", "name": "Flights", "conifg": {}, "schedule": {"cron": "0 6 * * *", "zone": "UTC"}}

    answer = api.post("integrations/", body)

    assert (answer.status_code, sorted(pointers(answer))) == (400, ["/conifg", "/schedule/zone"])


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": {}}, "/name"),
        ({"name": " "}, "/name"),
        ({"name": "n" * 201}, "/name"),
        ({"config": "no object"}, "/config"),
        ({"config": {"a": {"b": json.loads("[" * 60 + "]" * 60)}}}, "/config/a"),
        ({"enabled": "perhaps"}, "/enabled"),
        ({"schedule": "hourly"}, "/schedule"),
        ({"schedule": {"cron": "nonsense"}}, "/schedule/cron"),
        ({"schedule": {"cron": "0 6 * * *", "time_zone": "Mars/Base"}}, "/schedule/time_zone"),
        ({"overlap": "explode"}, "/overlap"),
        ({"write_mode": "merge"}, "/merge_keys"),
        ({"timeout_seconds": 0}, "/timeout_seconds"),
        ({"max_attempts": 10**9}, "/max_attempts"),
        ({"connector": "unheard_of"}, "/connector"),
        ({"credential": 7}, "/credential"),
        ({"credential": str(uuid4())}, "/credential"),
    ],
)
def test_a_wrong_value_is_named(api: Api, wrong: dict[str, Any], pointer: str) -> None:
    fake_connector()

    answer = api.post("integrations/", {"connector": "fake", "name": "Flights", **wrong})

    assert (answer.status_code, pointers(answer)) == (400, [pointer])
    assert all(error["code"] and error["detail"] for error in answer.json()["errors"])


def test_a_body_that_is_no_object_is_refused(api: Api) -> None:
    assert api.post("integrations/", ["a", "list"]).status_code == 400


def test_a_number_without_end_is_refused(api: Api) -> None:
    fake_connector()
    body = '{"connector": "fake", "name": "Flights", "config": {"a": 1e999}}'

    answer = api.generic("POST", "integrations/", body, content_type="application/json")

    assert (answer.status_code, pointers(answer)) == (400, ["/config/a"])


def test_a_config_that_breaks_the_schema_is_named(api: Api, keyed: Any) -> None:
    body = {"connector": "keyed", "name": "Keyed", "config": {"path": "", "pages": "many"}, "credential": NEW_KEY}

    answer = api.post("integrations/", body)

    assert (answer.status_code, sorted(pointers(answer))) == (400, ["/config/pages", "/config/path"])
    assert not Credential.everywhere.exists()


def test_a_dataset_of_another_tenant_is_unknown(make: Make, stranger: Api) -> None:
    dataset = make()["dataset"]

    answer = stranger.post("integrations/", {"connector": "fake", "name": "Thief", "config": {"reads": dataset}})

    assert (answer.status_code, pointers(answer)) == (400, ["/config/reads"])


def test_a_credential_comes_along_and_is_never_shown(api: Api, keyed: Any) -> None:
    config = {"path": "/a", "salt": "planted-salt"}
    answer = api.post("integrations/", {"connector": "keyed", "name": "K", "config": config, "credential": NEW_KEY})

    assert answer.status_code == 201
    made = answer.json()
    assert made["config"] == {"path": "/a", "pages": 3, "salt": {"set": True}}
    assert made["credential"] == str(Credential.everywhere.get().pk)
    assert b"planted" not in answer.content + api.get(f"integrations/{made['id']}").content


def test_a_missing_credential_is_asked_for(api: Api, keyed: Any) -> None:
    answer = api.post("integrations/", {"connector": "keyed", "name": "Keyed", "config": {"path": "/a"}})

    assert (answer.status_code, pointers(answer)) == (400, ["/credential"])


def test_the_data_of_a_new_credential_is_checked(api: Api, keyed: Any) -> None:
    credential = {"name": "Key", "data": {"key": ""}}
    body = {"connector": "keyed", "name": "Keyed", "config": {"path": "/a"}, "credential": credential}

    assert pointers(api.post("integrations/", body)) == ["/credential/data/key"]
    body["credential"] = {"data": {"key": "x"}, "label": "?"}
    assert sorted(pointers(api.post("integrations/", body))) == ["/credential/label", "/credential/name"]


def test_a_credential_of_another_connector_is_refused(api: Api, keyed: Any) -> None:
    fake_connector()
    credential = api.post("credentials/", {"connector": "keyed", **NEW_KEY}).json()["id"]

    answer = api.post("integrations/", {"connector": "fake", "name": "Flights", "credential": credential})

    assert (answer.status_code, pointers(answer)) == (400, ["/credential"])


def test_a_name_is_used_once(make: Make, api: Api) -> None:
    make("Flights")

    answer = api.post("integrations/", {"connector": "fake", "name": "Flights"})

    assert (answer.status_code, pointers(answer)) == (400, ["/name"])


def test_what_was_read_can_be_written_back(api: Api, keyed: Any) -> None:
    config = {"path": "/a", "salt": "planted-salt"}
    body = {"connector": "keyed", "name": "K", "config": config, "credential": NEW_KEY, "max_attempts": 7}
    made = api.post("integrations/", body).json()

    answer = api.put(f"integrations/{made['id']}", made)

    assert answer.status_code == 200, answer.content
    assert {**answer.json(), "updated_at": None} == {**made, "updated_at": None}
    assert row(made).config["salt"] == "planted-salt"


def test_put_replaces_all_but_secrets_and_the_credential(api: Api, keyed: Any) -> None:
    config = {"path": "/a", "pages": 9, "salt": "planted-salt"}
    body = {"connector": "keyed", "name": "K", "config": config, "credential": NEW_KEY, "max_attempts": 7}
    made = api.post("integrations/", body).json()

    changed = api.put(f"integrations/{made['id']}", {"name": "L", "config": {"path": "/b"}}).json()

    assert (changed["name"], changed["max_attempts"]) == ("L", 3)
    assert changed["credential"] == made["credential"]
    assert row(made).config == {"path": "/b", "pages": 3, "salt": "planted-salt"}


def test_patch_changes_what_it_names(make: Make, api: Api) -> None:
    made = make(config={"a": 1}, schedule={"cron": "0 6 * * *", "time_zone": "Europe/Berlin"}, max_attempts=7)

    changed = api.patch(f"integrations/{made['id']}", {"enabled": False}).json()
    assert (changed["enabled"], changed["health"], changed["next_run_at"]) == (False, "paused", None)
    assert all(changed[key] == made[key] for key in ("name", "config", "schedule", "max_attempts"))

    assert api.patch(f"integrations/{made['id']}", {"schedule": None}).json()["schedule"] is None


def test_an_integration_keeps_its_connector(make: Make, api: Api) -> None:
    made = make()
    fake_connector("other")

    assert pointers(api.patch(f"integrations/{made['id']}", {"connector": "other"})) == ["/connector"]
    assert api.patch(f"integrations/{made['id']}", {"connector": "fake"}).status_code == 200


def test_a_deleted_integration_is_gone_and_its_runs_stay(make: Make, api: Api) -> None:
    made = make(config={"rows": [{"a": 1}]})
    run = api.post(f"integrations/{made['id']}/run").json()
    follow(Run.everywhere.get(pk=run["id"]))

    assert api.delete(f"integrations/{made['id']}").status_code == 204
    assert api.get(f"integrations/{made['id']}").status_code == 404
    assert api.get(f"runs/{run['id']}").json()["state"] == "succeeded"
    assert api.post(f"runs/{run['id']}/retry").json()["type"] == "urn:hub:integration_deleted"


def test_an_integration_whose_rows_are_read_stays(make: Make, api: Api) -> None:
    made = make("Flights")
    make("Reader", config={"reads": made["dataset"]})

    answer = api.delete(f"integrations/{made['id']}")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:hub:in_use")
    assert "Reader" in answer.json()["detail"]


def test_health_follows_the_last_run_that_says_something(make: Make, api: Api) -> None:
    made = make(config={"rows": [{"a": 1}]})
    path = f"integrations/{made['id']}"

    follow(Run.everywhere.get(pk=api.post(f"{path}/run").json()["id"]))
    assert api.get(path).json()["health"] == "ok"

    api.patch(path, {"config": {"failure": {"message": "no", "retryable": False}}})
    follow(Run.everywhere.get(pk=api.post(f"{path}/run").json()["id"]))
    assert api.get(path).json()["health"] == "failing"

    waiting = Run.everywhere.get(pk=api.post(f"{path}/run").json()["id"])
    follow(requests.cancel(run=waiting))
    seen = api.get(path).json()
    assert (seen["health"], seen["last_run"]["state"]) == ("failing", "cancelled")


def test_an_integration_that_lacks_what_a_new_version_asks_for_is_incomplete(make: Make, api: Api) -> None:
    made = make()
    connector = fake_connector()
    connector.schema = {"credential": {}, "config": {"type": "object", "required": ["x"], "properties": {"x": {}}}}
    connector.save()

    assert api.get(f"integrations/{made['id']}").json()["health"] == "incomplete"


def test_a_schedule_is_changed_as_a_whole(make: Any, api: Api) -> None:
    path = f"integrations/{make(schedule={'cron': '0 6 * * *', 'time_zone': 'Europe/Berlin'})['id']}"

    zone = api.patch(path, {"schedule": {"time_zone": "UTC"}})
    hourly = api.patch(path, {"schedule": {"cron": "0 * * * *"}})

    assert (zone.status_code, pointers(zone)) == (400, ["/schedule/cron"])
    assert hourly.json()["schedule"] == {"cron": "0 * * * *", "time_zone": "UTC"}


def test_integrations_are_listed_by_name_when_asked(make: Any, api: Api) -> None:
    for name in ("beta", "alpha", "gamma"):
        make(name)

    def names(**query: str) -> list[str]:
        return [row["name"] for row in api.get("integrations/", query).json()["results"]]

    assert names() == ["gamma", "alpha", "beta"]
    assert names(ordering="name") == ["alpha", "beta", "gamma"]
    assert names(ordering="-name") == ["gamma", "beta", "alpha"]
