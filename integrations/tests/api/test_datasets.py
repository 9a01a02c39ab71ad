from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from integrations.models import Run
from integrations.testing import follow
from integrations.tests.api.conftest import Api

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def landed(make: Make, api: Api) -> dict[str, Any]:
    made = make(config={"rows": [{"n": n} for n in range(3)]})
    run = api.post(f"integrations/{made['id']}/run").json()
    follow(Run.everywhere.get(pk=run["id"]))
    return {**made, "run": run["id"]}


def test_a_dataset_shows_its_latest_version(landed: dict[str, Any], api: Api) -> None:
    seen = api.get(f"datasets/{landed['dataset']}").json()

    assert (seen["integration"], seen["latest"]["run"]) == (landed["id"], landed["run"])
    assert (seen["latest"]["rows"], seen["latest"]["schema"][0]["name"]) == (3, "n")
    assert api.get("datasets/").json()["results"] == [seen]
    assert api.get("datasets/", {"integration": str(uuid4())}).json()["results"] == []


def test_a_preview_shows_rows_page_by_page(landed: dict[str, Any], api: Api) -> None:
    page = api.get(f"datasets/{landed['dataset']}/preview", {"limit": 1, "offset": 1}).json()

    assert (page["rows"], page["total"]) == ([{"n": 1}], 3)


def test_a_dataset_that_no_run_filled_is_empty(make: Make, api: Api) -> None:
    made = make()

    assert api.get(f"datasets/{made['dataset']}").json()["latest"] is None
    assert api.get(f"datasets/{made['dataset']}/preview").json()["rows"] == []


def test_a_profile_describes_each_column(landed: dict[str, Any], api: Api) -> None:
    profile = api.get(f"datasets/{landed['dataset']}/profile").json()

    latest = api.get(f"datasets/{landed['dataset']}").json()["latest"]
    assert (profile["rows"], profile["dataset_version"]) == (3, latest["id"])
    [column] = profile["columns"]
    assert (column["name"], column["kind"], column["min"], column["max"], column["nulls"]) == ("n", "number", 0, 2, 0)


def test_what_has_no_rows_yet_has_no_columns(make: Make, api: Api) -> None:
    profile = api.get(f"datasets/{make()['dataset']}/profile").json()

    assert profile == {"dataset_version": None, "rows": 0, "columns": []}


def test_a_stranger_finds_no_dataset(landed: dict[str, Any], stranger: Api) -> None:
    path = f"datasets/{landed['dataset']}"

    assert stranger.get("datasets/").json()["results"] == []
    assert [stranger.get(f"{path}{end}").status_code for end in ("", "/preview", "/profile")] == [404, 404, 404]
