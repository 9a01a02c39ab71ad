from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.domain import Json, Progress
from integrations.tests.n8n.builtins.conftest import BUILTIN, Run, outcome
from integrations.tests.n8n.builtins.standins import ALL, Graphql, SlackMessage, StandIn
from integrations.tests.n8n.conftest import Reply, Service, rows_of

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]

OWN = ("Service", "Hub Output")
"""What a reader has to itself: what to ask, and what a row is. The rest of the workflow is the same for all."""


def each(*, changing: bool = False) -> pytest.MarkDecorator:
    chosen = [kind for kind in ALL if not changing or kind.changing is not None]
    marked = [
        pytest.param(kind, id=kind.slug, marks=pytest.mark.evidence(kind.slug, "protocol", kind.documentation))
        for kind in chosen
    ]
    return pytest.mark.parametrize("kind", marked)


@pytest.fixture
def run(run_builtin: Run, service: Service) -> Run:
    """Run a built-in against its stand-in."""

    def run(standin: StandIn, *, credential: Json | None = None, state: Json | None = None, **changes: Any) -> Progress:
        standin.url, service.answer = service.url, standin
        config = {**standin.config, standin.address: service.url, **changes}
        return run_builtin(standin.slug, standin.credential if credential is None else credential, config, state)

    return run


@each()
def test_a_service_is_read_to_its_last_page_by_whoever_may(run: Run, kind: type[StandIn]) -> None:
    assert rows_of(run(kind())) == kind.wanted


@each()
def test_a_wrong_secret_is_the_credentials_fault_and_is_not_repeated(run: Run, kind: type[StandIn]) -> None:
    wrong = json.loads(json.dumps(kind.credential).replace("s3cret", "wr0ng"))

    failure = outcome(run(kind(), credential=wrong)).failure

    assert failure is not None
    assert (failure.code, failure.retryable) == ("credential_refused", False)
    assert "wr0ng" not in json.dumps(failure.as_json())


@each()
def test_a_service_that_is_busy_is_waited_for(run: Run, kind: type[StandIn]) -> None:
    standin = kind()
    standin.busy_times = 1

    assert rows_of(run(standin)) == kind.wanted
    assert len(standin.requests) >= 2


@each(changing=True)
def test_a_second_run_brings_only_what_changed(run: Run, kind: type[StandIn]) -> None:
    standin = kind()
    assert standin.changing is not None
    first = run(standin, **standin.changing)

    second = run(standin, state=outcome(first).state, **standin.changing)

    assert len(rows_of(first)) == len(kind.wanted)
    assert rows_of(second) == kind.newer
    assert outcome(second).state == outcome(first).state != {}


def test_what_slack_refuses_is_said_in_its_words(run: Run) -> None:
    failure = outcome(run(SlackMessage(), channel="#nowhere")).failure

    assert failure is not None
    assert (failure.code, failure.retryable) == ("request_refused", False)
    assert "channel_not_found" in failure.message


def test_half_an_answer_of_graphql_is_none(run: Run) -> None:
    class Half(Graphql):
        def answer(self, request: Any) -> Reply:
            return Reply({"data": {"shop": {"orders": None}}, "errors": [{"message": "orders are away"}]})

    failure = outcome(run(Half())).failure

    assert failure is not None
    assert "orders are away" in failure.message


@pytest.mark.parametrize("slug", [kind.slug for kind in ALL])
def test_all_readers_ask_page_and_fail_in_the_same_way(slug: str) -> None:
    mine, common = (
        {
            node["name"]: node
            for node in json.loads((BUILTIN / name / "workflow.json").read_text())["nodes"]
            if node["name"] not in OWN
        }
        for name in (slug, "rest_api")
    )
    assert mine == common
