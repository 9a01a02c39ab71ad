from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from integrations.models import Credential
from integrations.testing import fake_connector
from integrations.tests.api.conftest import Api, pointers
from tenants.scope import platform

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
DATA = {"url": "https://one.example.com", "key": "planted-secret"}


@pytest.fixture
def made(api: Api, keyed: Any) -> dict[str, Any]:
    answer = api.post("credentials/", {"connector": "keyed", "name": "Key", "data": DATA})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_credential_shows_everything_but_its_secrets(made: dict[str, Any], api: Api) -> None:
    assert made.keys() >= {
        "id", "connector", "name", "fields", "status", "verified_at", "expires_at", "last_used_at", "used_by",
    }  # fmt: skip
    assert made["fields"] == {"url": "https://one.example.com", "key": {"set": True}}
    assert (made["connector"], made["status"], made["used_by"]) == ("keyed", "unverified", [])
    answer = api.get(f"credentials/{made['id']}")
    assert answer.json() == made
    assert b"planted" not in answer.content + api.get("credentials/").content


def test_a_credential_names_its_users(made: dict[str, Any], api: Api) -> None:
    body = {"connector": "keyed", "name": "User", "config": {"path": "/a"}, "credential": made["id"]}
    user = api.post("integrations/", body).json()

    assert api.get(f"credentials/{made['id']}").json()["used_by"] == [{"id": user["id"], "name": "User"}]
    answer = api.delete(f"credentials/{made['id']}")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:hub:in_use")


def test_a_credential_that_nobody_uses_is_deleted(made: dict[str, Any], api: Api) -> None:
    assert api.delete(f"credentials/{made['id']}").status_code == 204
    assert api.get(f"credentials/{made['id']}").status_code == 404


def test_an_omitted_secret_is_kept(made: dict[str, Any], api: Api) -> None:
    path = f"credentials/{made['id']}"
    assert api.patch(path, {"name": "Renamed"}).json()["name"] == "Renamed"

    answer = api.put(path, {"name": "Renamed", "data": {"url": DATA["url"], "key": {"set": True}}})

    assert answer.status_code == 200, answer.content
    assert Credential.everywhere.get(pk=made["id"]).data == DATA


def test_a_new_secret_replaces_the_old(made: dict[str, Any], api: Api) -> None:
    answer = api.patch(f"credentials/{made['id']}", {"data": {"url": DATA["url"], "key": "planted-anew"}})

    assert (answer.status_code, b"planted" in answer.content) == (200, False)
    assert Credential.everywhere.get(pk=made["id"]).data["key"] == "planted-anew"


def test_a_secret_does_not_follow_to_another_address(made: dict[str, Any], api: Api) -> None:
    answer = api.patch(f"credentials/{made['id']}", {"data": {"url": "https://elsewhere.example.org"}})

    assert answer.status_code == 400
    assert pointers(answer) == ["/data/url"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"data": {"url": "https://one.example.com"}}, "/data/key"),
        ({"data": "planted-secret"}, "/data"),
        ({"data": {"key": ["planted-secret"]}}, "/data/key"),
        ({"name": ""}, "/name"),
        ({"connector": "unheard_of"}, "/connector"),
        ({"secret": "planted-secret"}, "/secret"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(api: Api, keyed: Any, wrong: dict[str, Any], pointer: str) -> None:
    answer = api.post("credentials/", {"connector": "keyed", "name": "Key", "data": DATA, **wrong})

    assert (answer.status_code, pointers(answer)) == (400, [pointer])
    assert b"planted" not in answer.content


def test_a_credential_keeps_its_connector(made: dict[str, Any], api: Api) -> None:
    fake_connector("other")

    assert pointers(api.patch(f"credentials/{made['id']}", {"connector": "other"})) == ["/connector"]


def test_an_unreadable_credential_breaks_no_list(made: dict[str, Any], api: Api) -> None:
    other = api.post("credentials/", {"connector": "keyed", "name": "Other", "data": DATA}).json()
    with platform(), connection.cursor() as cursor:
        # A sealed value opens only where it was sealed.
        sealed = "(SELECT data FROM integrations_credential WHERE name = 'Key')"
        cursor.execute(f"UPDATE integrations_credential SET data = {sealed} WHERE name = 'Other'")

    shown = {each["name"]: each for each in api.get("credentials/").json()["results"]}

    assert (shown["Other"]["status"], shown["Other"]["fields"]) == ("unreadable", {})
    assert (shown["Key"]["status"], shown["Other"]["id"]) == ("unverified", other["id"])


def test_a_stranger_finds_no_credential(made: dict[str, Any], stranger: Api) -> None:
    path = f"credentials/{made['id']}"

    assert stranger.get("credentials/").json()["results"] == []
    answers = [stranger.get(path), stranger.patch(path, {"name": "x"}), stranger.delete(path)]
    assert [answer.status_code for answer in [*answers, stranger.get(f"credentials/{uuid4()}")]] == [404] * 4


def test_a_credential_of_another_tenant_cannot_be_used(made: dict[str, Any], stranger: Api) -> None:
    body = {"connector": "keyed", "name": "Thief", "config": {"path": "/a"}, "credential": made["id"]}

    answer = stranger.post("integrations/", body)

    assert (answer.status_code, pointers(answer)) == (400, ["/credential"])


def test_roles_decide_who_changes_credentials(made: dict[str, Any], viewer: Api, operator: Api, editor: Api) -> None:
    path = f"credentials/{made['id']}"

    assert [caller.get(path).status_code for caller in (viewer, operator, editor)] == [200, 200, 200]
    changes = [caller.patch(path, {"name": "other"}).status_code for caller in (viewer, operator, editor)]
    assert changes == [403, 403, 200]


def test_a_list_costs_the_same_however_long_it_is(
    api: Api, keyed: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        api.post("credentials/", {"connector": "keyed", "name": f"Key {number}", "data": DATA})
    api.get("credentials/")

    with django_assert_num_queries(4):  # token, credentials, connectors, users
        assert len(api.get("credentials/").json()["results"]) == 20
