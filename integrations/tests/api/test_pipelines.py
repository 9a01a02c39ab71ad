from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from integrations.tests.api.conftest import Api, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def chain(make: Make) -> Callable[..., list[dict[str, Any]]]:
    """Makes integrations that read each other's rows, one after the other."""

    def chain(*names: str) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for name in names:
            reads = {"reads": made[-1]["dataset"]} if made else {}
            made.append(make(name, config=reads, on_new_data=bool(made)))
        return made

    return chain


def pipelines(api: Api, **query: Any) -> list[dict[str, Any]]:
    answer = api.get("pipelines/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_what_hangs_together_is_one_pipeline_in_the_order_of_its_runs(chain: Any, make: Make, api: Api) -> None:
    first, second, third = chain("land", "join", "sum up")
    make("alone")

    [pipeline] = pipelines(api)

    assert (pipeline["id"], [row["name"] for row in pipeline["integrations"]]) == (
        first["id"], ["land", "join", "sum up"],
    )  # fmt: skip
    assert pipeline["links"] == [
        {"source": first["id"], "reader": second["id"], "dataset": first["dataset"], "name": "reads"},
        {"source": second["id"], "reader": third["id"], "dataset": second["dataset"], "name": "reads"},
    ]


def test_members_say_how_they_fare(chain: Any, api: Api) -> None:
    first, _ = chain("land", "join")
    api.post(f"integrations/{first['id']}/run")

    land, join = pipelines(api)[0]["integrations"]

    assert (land["health"], land["last_run"]["state"], join["last_run"]) == ("never_run", "queued", None)
    assert (join["on_new_data"], land["dataset"], land["type"]) == (True, first["dataset"], "fake")


def test_a_source_that_two_read_makes_one_pipeline(chain: Any, make: Make, api: Api) -> None:
    first, _ = chain("land", "join")
    make("count", config={"reads": first["dataset"]})

    [pipeline] = pipelines(api)

    assert {row["name"] for row in pipeline["integrations"]} == {"land", "join", "count"}


def test_pipelines_come_newest_first_in_pages(chain: Any, api: Api) -> None:
    firsts = [chain(f"land {n}", f"join {n}")[0]["id"] for n in range(3)]

    page = api.get("pipelines/", {"page_size": 2}).json()
    rest = api.get(page["next"]).json()

    assert [each["id"] for each in page["results"] + rest["results"]] == firsts[::-1]
    assert rest["next"] is None


def test_the_pipeline_around_an_integration_is_found(chain: Any, make: Make, api: Api) -> None:
    chain("other", "another")
    first, last = chain("land", "join")

    assert [each["id"] for each in pipelines(api, integration=last["id"])] == [first["id"]]
    assert pipelines(api, integration=make("alone")["id"]) == []
    assert pointers(api.get("pipelines/", {"integration": "none"})) == ["/integration"]


def test_a_deleted_reader_leaves_no_pipeline(chain: Any, api: Api) -> None:
    _, last = chain("land", "join")
    api.delete(f"integrations/{last['id']}")

    assert pipelines(api) == []


def test_a_stranger_sees_no_pipeline(chain: Any, stranger: Api) -> None:
    first, _ = chain("land", "join")

    assert pipelines(stranger) == pipelines(stranger, integration=first["id"]) == []


def test_pipelines_cost_the_same_however_many_there_are(
    chain: Any, api: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        chain(f"land {number}", f"join {number}", f"sum {number}")

    with django_assert_num_queries(8):  # token, links, ages, page, members, connectors, last runs, datasets
        assert len(pipelines(api)) == 8
