import json
from typing import Any
from uuid import uuid4

import pytest

from connectors import catalog
from integrations.testing import fake_connector
from integrations.tests.api.conftest import Api
from integrations.tests.outbound.serving import served

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]


@pytest.fixture
def made(api: Api) -> Any:
    data = json.loads((catalog.BUILTIN / "rest_api" / "connector.json").read_text())
    fake_connector("rest_api", schema=data["schema"], test=data["test"])
    with served(lambda *_: (401, {"Content-Type": "application/json"}, b"{}")) as server:
        key = {"name": "Key", "data": {"auth": {"type": "bearer", "token": "planted"}}}
        body = {"connector": "rest_api", "name": "Orders", "config": {"url": server.url}, "credential": key}
        yield api.post("integrations/", body).json()


@pytest.mark.parametrize("kind", ["integrations", "credentials"])
def test_a_test_answers_step_by_step(made: dict[str, Any], api: Api, kind: str) -> None:
    subject = made["id"] if kind == "integrations" else made["credential"]

    answer = api.post(f"{kind}/{subject}/test")

    report = answer.json()
    assert (answer.status_code, report["ok"]) == (200, False)
    assert [stage["name"] for stage in report["stages"]] == ["resolve", "connect", "http", "authenticate"]
    assert report["stages"][-1].keys() == {"name", "ok", "seconds", "detail", "fix", "days_left"}
    assert api.get(f"credentials/{made['credential']}").json()["status"] == "rejected"


def test_a_test_is_in_no_editors_way(made: dict[str, Any], api: Api) -> None:
    path = f"credentials/{made['credential']}"
    seen = api.get(path).headers["ETag"]

    api.post(f"{path}/test")

    assert api.patch(path, {"name": "Renamed"}, HTTP_IF_MATCH=seen).status_code == 200


def test_who_may_run_may_test(made: dict[str, Any], operator: Api, viewer: Api, stranger: Api) -> None:
    path = f"integrations/{made['id']}/test"

    assert [each.post(path).status_code for each in (operator, viewer, stranger)] == [200, 403, 404]
    assert stranger.post(f"integrations/{uuid4()}/test").status_code == 404


def test_what_has_nothing_to_test_is_answered_in_words(make: Any, api: Api) -> None:
    answer = api.post(f"integrations/{make()['id']}/test")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:hub:nothing_to_test")
