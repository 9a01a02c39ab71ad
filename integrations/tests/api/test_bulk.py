from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from integrations.models import Integration, Run
from integrations.tests.api.conftest import Api, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]


def order(api: Api, action: str, *ids: str, **headers: str) -> Any:
    return api.post("integrations/bulk", {"action": action, "ids": list(ids)}, headers=headers)


def test_many_are_run_at_once_and_each_has_its_result(make: Make, api: Api) -> None:
    ids = [make(f"number {number}")["id"] for number in range(3)]

    answer = order(api, "run", *ids)

    results = answer.json()["results"]
    assert (answer.status_code, [each["id"] for each in results]) == (200, ids)
    assert [each["run"]["integration"] for each in results] == ids
    assert Run.everywhere.count() == 3


def test_one_that_fails_stops_no_other(make: Make, api: Api) -> None:
    source = make("source")
    reader = make("reader", config={"reads": source["dataset"]})
    unknown = str(uuid4())

    results = order(api, "delete", source["id"], unknown, reader["id"]).json()["results"]

    assert [each["ok"] for each in results] == [False, False, True]
    assert [each["problem"] and each["problem"]["status"] for each in results] == [409, 404, None]
    assert Integration.everywhere.filter(deleted_at=None).get().name == "source"


def test_a_pause_ends_with_resume(make: Make, api: Api) -> None:
    made = make(schedule={"cron": "0 6 * * *"})
    path = f"integrations/{made['id']}"

    order(api, "pause", made["id"])
    paused = api.get(path).json()
    order(api, "resume", made["id"])

    assert (paused["enabled"], paused["next_run_at"], paused["health"]) == (False, None, "paused")
    assert api.get(path).json()["next_run_at"] == made["next_run_at"]


def test_the_same_key_runs_each_once(make: Make, api: Api) -> None:
    ids = [make(f"number {number}")["id"] for number in range(2)]

    first, again = (order(api, "run", *ids, **{"Idempotency-Key": "monday"}).json()["results"] for _ in range(2))

    assert [each["run"]["id"] for each in first] == [each["run"]["id"] for each in again]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"action": "explode", "ids": [str(uuid4())]}, "/action"),
        ({"action": "run", "ids": []}, "/ids"),
        ({"action": "run", "ids": [str(uuid4())] * 2}, "/ids"),
        ({"action": "run", "ids": [str(uuid4()) for _ in range(201)]}, "/ids"),
        ({"action": "run", "ids": ["one"]}, "/ids/0"),
    ],
)
def test_a_wrong_order_is_refused(api: Api, body: dict[str, Any], pointer: str) -> None:
    answer = api.post("integrations/bulk", body)

    assert (answer.status_code, pointers(answer)) == (400, [pointer])


def test_roles_decide_which_action(make: Make, operator: Api, viewer: Api, editor: Api) -> None:
    made = make()["id"]

    assert [order(each, "run", made).status_code for each in (viewer, operator, editor)] == [403, 200, 200]
    assert [order(each, "pause", made).status_code for each in (viewer, operator, editor)] == [403, 403, 200]


def test_what_is_anothers_is_not_there(make: Make, stranger: Api) -> None:
    made = make()["id"]

    foreign, unknown = order(stranger, "delete", made, str(uuid4())).json()["results"]

    assert foreign["problem"] == {**unknown["problem"], "request_id": foreign["problem"]["request_id"]}
    assert foreign["problem"]["status"] == 404
    assert Integration.everywhere.get(pk=made).deleted_at is None
