import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from integrations.api import etags
from integrations.models import Credential, Integration
from integrations.services import credentials, integrations
from integrations.services.errors import Stale
from integrations.tests.api.conftest import Api

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]
DATA = {"url": "https://one.example.com", "key": "planted-secret"}


@pytest.fixture(params=["integrations", "credentials"])
def path(request: pytest.FixtureRequest, make: Make, api: Api, keyed: Any) -> str:
    if request.param == "integrations":
        return f"integrations/{make()['id']}"
    made = api.post("credentials/", {"connector": "keyed", "name": "Key", "data": DATA})
    return f"credentials/{made.json()['id']}"


def tag(answer: Any) -> str:
    return answer.headers["ETag"]


def test_of_two_editors_the_second_is_told_and_nothing_is_lost(path: str, api: Api, editor: Api) -> None:
    seen = tag(api.get(path))
    assert tag(editor.get(path)) == seen

    first = api.patch(path, {"name": "First"}, HTTP_IF_MATCH=seen)
    second = editor.patch(path, {"name": "Second"}, HTTP_IF_MATCH=seen)

    assert (first.status_code, second.status_code) == (200, 412)
    assert (second.json()["type"], api.get(path).json()["name"]) == ("urn:hub:changed_meanwhile", "First")
    assert editor.patch(path, {"name": "Second"}, HTTP_IF_MATCH=tag(first)).status_code == 200


def test_who_writes_has_the_new_state_in_hand(path: str, api: Api) -> None:
    before = tag(api.get(path))

    written = api.patch(path, {"name": "Renamed"})

    assert tag(written) == tag(api.get(path)) != before


def test_what_somebody_changed_is_not_deleted(path: str, api: Api) -> None:
    seen = tag(api.get(path))
    api.patch(path, {"name": "Renamed"})

    assert api.delete(path, HTTP_IF_MATCH=seen).status_code == 412
    assert api.delete(path, HTTP_IF_MATCH=tag(api.get(path))).status_code == 204


@pytest.mark.parametrize("how", ["W/{}", '"other"', "unquoted", '"zz"', '""', '"' + "f" * 400 + '"'])
def test_a_tag_that_is_not_the_current_one_matches_nothing(path: str, api: Api, how: str) -> None:
    seen = tag(api.get(path))

    assert api.patch(path, {"name": "Renamed"}, HTTP_IF_MATCH=how.format(seen)).status_code == 412


@pytest.mark.parametrize("how", ["*", '"other", {}', "{}"])
def test_one_of_several_tags_is_enough(path: str, api: Api, how: str) -> None:
    seen = tag(api.get(path))

    assert api.put(path, {"name": "Renamed", **body(path)}, HTTP_IF_MATCH=how.format(seen)).status_code == 200


def body(path: str) -> dict[str, Any]:
    return {"data": DATA} if path.startswith("credentials") else {"config": {}}


def test_a_run_is_in_no_editors_way(make: Make, api: Api) -> None:
    path = f"integrations/{make()['id']}"
    seen = tag(api.get(path))

    api.post(f"{path}/run")

    assert api.patch(path, {"name": "Renamed"}, HTTP_IF_MATCH=seen).status_code == 200


def test_a_change_is_made_to_the_row_as_it_is_now(make: Make, api: Api) -> None:
    read = Integration.everywhere.get(pk=make()["id"])
    Integration.everywhere.filter(pk=read.pk).update(state={"cursor": 5}, name="Changed by another")

    integrations.update(integration=read, by=None, max_attempts=7)

    read.refresh_from_db()
    assert (read.name, read.state, read.max_attempts) == ("Changed by another", {"cursor": 5}, 7)


def test_the_check_and_the_change_are_one(make: Make, api: Api, keyed: Any) -> None:
    made = api.post("credentials/", {"connector": "keyed", "name": "Key", "data": DATA}).json()
    read = Credential.everywhere.get(pk=made["id"])
    Credential.everywhere.filter(pk=read.pk).update(updated_at=F("updated_at") + timedelta(microseconds=1))

    with pytest.raises(Stale):
        credentials.update(credential=read, by=None, name="Late", seen={read.updated_at})
    with pytest.raises(Stale):
        credentials.delete(credential=read, by=None, seen={read.updated_at})
    assert Credential.everywhere.get(pk=read.pk).name == "Key"


def test_a_tag_is_read_back_as_the_time_it_was_made_of(make: Make, rf: Any) -> None:
    updated_at = Integration.everywhere.get(pk=make()["id"]).updated_at

    assert etags.seen(rf.get("/", HTTP_IF_MATCH=etags.tag(updated_at))) == {updated_at}


@pytest.mark.django_db(transaction=True)
def test_of_many_editors_at_the_same_moment_one_wins(make: Make, api: Api) -> None:
    read = Integration.everywhere.get(pk=make()["id"])
    start = threading.Barrier(4)

    def edit(number: int) -> bool:
        try:
            start.wait(60)
            integrations.update(integration=read, by=None, name=f"Editor {number}", seen={read.updated_at})
        except Stale:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(edit, range(4))) == 1
