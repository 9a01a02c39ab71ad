import uuid
from typing import Any

import pytest

from integrations.domain import Plan
from integrations.engines.n8n.engine import N8nEngine
from integrations.tests.n8n.conftest import Reply, Service

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]
GITHUB = {"type": "githubApi", "data": {"server": "/server", "user": "/user", "accessToken": "/token"}}


def plan(mapping: dict[str, Any], **credential: str) -> Plan:
    return Plan(str(uuid.uuid4()), "A trial", {}, credential_map=mapping, credential=credential)


def names_in(n8n: N8nEngine) -> set[str]:
    asked = N8nEngine(n8n._url, n8n._test_key).client
    return {each["id"] for each in asked.api("GET", "/credentials?limit=250").body["data"]}


@pytest.mark.parametrize(("status", "is_ok"), [(200, True), (401, False)])
def test_n8n_tests_in_its_own_way_and_keeps_nothing(n8n: N8nEngine, service: Service, status: int, is_ok: bool) -> None:
    service.answer = lambda _: Reply({"login": "ann"}, status)
    before = names_in(n8n)

    verdict = n8n.test(plan(GITHUB, server=service.url, user="ann", token="planted"), 30)

    assert verdict is not None
    assert (verdict.is_ok, verdict.step) == (is_ok, "authenticate")
    assert "planted" in service.requests[0].headers["authorization"]
    assert names_in(n8n) == before


def test_a_service_that_is_away_is_not_the_credentials_fault(n8n: N8nEngine) -> None:
    verdict = n8n.test(plan(GITHUB, server="http://127.0.0.1:9", user="ann", token="planted"), 30)

    assert verdict is not None
    assert (verdict.is_ok, verdict.step) == (False, "connect")


def test_a_type_without_a_test_has_none(n8n: N8nEngine) -> None:
    basic = {"type": "httpBasicAuth", "data": {"user": "/user", "password": "/token"}}

    assert n8n.test(plan(basic, user="ann", token="planted"), 30) is None
    assert n8n.test(plan({}), 30) is None


def test_without_the_key_for_it_nothing_is_tested(n8n: N8nEngine) -> None:
    assert N8nEngine(n8n._url, n8n._key, "").test(plan(GITHUB), 30) is None
