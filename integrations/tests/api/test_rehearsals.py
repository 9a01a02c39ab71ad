from collections.abc import Callable
from typing import Any

import pytest

from integrations.domain import Health
from integrations.engines.fake import FakeEngine
from integrations.models import Integration, Run
from integrations.testing import KEY, fake_connector, follow
from integrations.tests.api.conftest import Api

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., dict[str, Any]]


def rehearsed(api: Api, made: dict[str, Any]) -> dict[str, Any]:
    answer = api.post(f"integrations/{made['id']}/run?dry_run=1")
    assert answer.status_code == 200, answer.content
    return answer.json()


def wrong(rehearsal: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["fix"] for check in rehearsal["checks"] if not check["ok"]}


def test_a_run_that_would_work_says_so_and_starts_nothing(make: Make, api: Api) -> None:
    rehearsal = rehearsed(api, make(config={"rows": []}))

    assert (rehearsal["ok"], rehearsal["config"]) == (True, {"rows": []})
    assert [check["name"] for check in rehearsal["checks"]] == [
        "settings", "credential", "addresses", "inputs", "engine",
    ]  # fmt: skip
    assert not Run.everywhere.exists()


def test_what_would_be_read_is_named(make: Make, api: Api) -> None:
    source = make("source", config={"rows": [{"a": 1}]})
    reader = make("reader", config={"reads": source["dataset"]})
    assert "Run 'source'" in wrong(rehearsed(api, reader))["inputs"]

    run = follow(Run.everywhere.get(pk=api.post(f"integrations/{source['id']}/run").json()["id"]))

    version = api.get(f"runs/{run.pk}").json()["dataset_version"]
    assert rehearsed(api, reader)["inputs"] == [{"name": "reads", "dataset_version": version}]


def test_all_that_is_wrong_is_told_at_once(make: Make, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make()
    monkeypatch.setattr(FakeEngine, "check", lambda self: Health(False, problem="It is off.", fix="Switch it on."))
    connector = Integration.everywhere.get(pk=made["id"]).connector
    connector.schema = {"credential": KEY, "config": {"type": "object", "required": ["url"]}}
    connector.save()

    rehearsal = rehearsed(api, made)

    assert not rehearsal["ok"]
    assert wrong(rehearsal).keys() == {"settings", "credential", "engine"}
    assert wrong(rehearsal)["engine"] == "Switch it on."


def test_a_secret_that_is_nowhere_is_told(api: Api, settings: Any) -> None:
    fake_connector("keyed", credential=KEY)
    data = {"name": "Key", "data": {"key": f"env://{settings.SECRETS_ENV_PREFIX}ACME_NOWHERE"}}
    made = api.post("integrations/", {"connector": "keyed", "name": "K", "config": {}, "credential": data})
    assert made.status_code == 201, made.content

    assert wrong(rehearsed(api, made.json())).keys() == {"credential"}


def test_an_engine_that_is_not_there_refuses_a_rehearsal_too(make: Make, api: Api, settings: Any) -> None:
    made = make()
    settings.ENGINES = {}

    assert api.post(f"integrations/{made['id']}/run?dry_run=1").status_code == 409


def test_who_may_not_run_may_not_rehearse(make: Make, viewer: Api, stranger: Api) -> None:
    path = f"integrations/{make()['id']}/run?dry_run=1"

    assert [viewer.post(path).status_code, stranger.post(path).status_code] == [403, 404]
