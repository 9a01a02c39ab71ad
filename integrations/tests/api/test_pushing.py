import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from integrations.models import Run
from integrations.services import pushing, runs, storage
from integrations.testing import follow, make_due
from integrations.tests.api.conftest import Api, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def url(settings: Any) -> None:
    settings.URL = "https://hub.example.com/"


@pytest.fixture
def working(make: Make, api: Api) -> Run:
    """A run that is at work for as long as the test likes."""
    made = make(config={"rows": [{"n": "its own output"}], "seconds": 60})
    run = Run.everywhere.get(pk=api.post(f"integrations/{made['id']}/run").json()["id"])
    runs.advance([run.pk])
    return Run.everywhere.select_related("integration__connector").get(pk=run.pk)


def push(run: Run, page: int, body: Any, token: str | None = None) -> Any:
    text = body if isinstance(body, bytes) else b"".join(json.dumps(row).encode() + b"\n" for row in body)
    client = Api()
    given = pushing.of(run)
    assert given is not None
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token or given.token}")
    return client.generic("POST", f"runs/{run.pk}/rows?page={page}", text, content_type="application/x-ndjson")


def finish(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    Run.everywhere.filter(pk=run.pk).update(handle={**run.handle, "ends_at": 0})
    return follow(run)


def test_pushed_rows_land_in_the_order_of_their_pages(working: Run, api: Api, monkeypatch: Any) -> None:
    answers = [push(working, page, [{"n": page}]) for page in (2, 10, 1)]

    run = finish(working, monkeypatch)

    assert [(answer.status_code, answer.json()["rows"]) for answer in answers] == [(202, 1)] * 3
    assert (run.state, run.rows) == ("succeeded", 3)
    assert [row["n"] for row in api.get(f"runs/{run.pk}/rows").json()["rows"]] == [1, 2, 10]
    assert not (storage.root() / pushing.FOLDER / str(run.pk)).exists()


def test_a_page_that_is_pushed_again_counts_once(working: Run, monkeypatch: Any) -> None:
    push(working, 1, [{"n": 1}])
    push(working, 1, [{"n": 1}, {"n": 2}])

    assert finish(working, monkeypatch).rows == 2


def test_without_a_page_the_run_s_own_output_lands(working: Run, monkeypatch: Any) -> None:
    assert finish(working, monkeypatch).rows == 1


def test_the_token_ends_with_the_run(working: Run, monkeypatch: Any) -> None:
    finish(working, monkeypatch)

    assert push(working, 1, [{"n": 1}]).status_code == 401


def test_the_token_of_an_earlier_attempt_is_worth_nothing(working: Run) -> None:
    given = pushing.of(working)
    Run.everywhere.filter(pk=working.pk).update(attempt=2)

    assert given and push(working, 1, [{"n": 1}], given.token).status_code == 401


def test_only_the_run_itself_pushes(working: Run, api: Api, make: Make) -> None:
    other = Run(pk=uuid4(), attempt=1)
    foreign = pushing.of(other)
    path = f"runs/{working.pk}/rows?page=1"

    assert api.generic("POST", path, b"{}", content_type="application/x-ndjson").status_code == 401
    assert Api().generic("POST", path, b"{}", content_type="application/x-ndjson").status_code == 401
    assert foreign and push(working, 1, [{}], foreign.token).status_code == 401


def test_the_token_opens_nothing_else(working: Run) -> None:
    client, given = Api(), pushing.of(working)
    assert given is not None
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {given.token}")

    assert [client.get(path).status_code for path in ("runs/", f"runs/{working.pk}", f"runs/{working.pk}/rows")] == [
        401
    ] * 3


def test_what_is_no_page_of_rows_is_refused(working: Run, settings: Any) -> None:
    broken = push(working, 1, b'{"n": 1}\n{"n": \n')
    assert (broken.status_code, pointers(broken)) == (400, ["/2"])
    assert push(working, -1, [{}]).status_code == 400

    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert push(working, 1, [{"n": "x" * 10}]).status_code == 413


def test_pages_of_a_run_that_fails_are_dropped(working: Run, api: Api) -> None:
    push(working, 1, [{"n": 1}])
    api.post(f"runs/{working.pk}/cancel")
    make_due(working)

    assert follow(working).state == "cancelled"
    assert not (storage.root() / pushing.FOLDER / str(working.pk)).exists()


def test_a_hub_that_nobody_can_reach_offers_no_door(working: Run, settings: Any) -> None:
    settings.URL = ""

    assert pushing.of(working) is None
