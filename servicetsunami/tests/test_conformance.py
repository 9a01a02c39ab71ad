"""Thousands of calls, right ones and wrong ones: no answer that the schema does not describe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as drawing
from hypothesis import strategies as st
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks

from integrations.services import runs, waiting
from servicetsunami.tests import world
from servicetsunami.tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]

SHARDS = 4
LEAST_CASES = 5000
FUZZED = 80
"""Cases that are drawn for an operation, beside those at the edges of its schema."""
KINDS = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]


@schemathesis.serializer("application/x-ndjson", "application/zip")
def as_text(context: Any, value: Any) -> bytes:
    return str(value).encode()


class Judge:
    """Makes the calls of one shard and keeps what was wrong with the answers, once of each kind."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.count = 0
        self.failures: dict[str, str] = {}

    def call(self, case: Any, pick: int) -> None:
        """Call, and undo whatever that did."""
        self.count += 1
        label = case.operation.label
        try:
            with transaction.atomic():
                led = self._led(case, pick)
                is_push = label == "POST /api/v1/runs/{id}/rows"
                headers = self.here.pushing(led.path_parameters["id"]) if is_push else self.here.headers
                led.call_and_validate(headers=headers, checks=CHECKS)
                transaction.set_rollback(True)
        except FailureGroup as group:
            for failure in group.exceptions:
                self.failures.setdefault(f"{label}: {type(failure).__name__}", str(group))

    def _led(self, case: Any, pick: int) -> Any:
        """Lead most calls to what there is: a random name only ever finds nothing."""
        noun = re.search(r"/([\w-]+)/\{(\w+)\}", case.operation.path)
        if noun and pick % 4:
            is_watched = case.operation.path.endswith("/events")  # a run that has not ended is watched for minutes
            known = world.ended(self.here) if is_watched else self.here.ids[noun[1]]
            case.path_parameters = {noun[2]: known[pick % len(known)]}
        if pick % 4 and isinstance(case.body, dict) and "connector" in case.body:
            case.body = {**case.body, "connector": "fake"}
        return case


@pytest.fixture(scope="module")
def schema() -> Any:
    found = openapi.from_dict(SchemaGenerator().get_schema(public=True))
    found.app, found.location = get_wsgi_application(), "/api/schema"
    return found


@pytest.fixture
def judge(acme: Any, make_integration: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Judge:
    settings.URL = "http://localhost"
    monkeypatch.setattr(waiting, "until_ended", lambda run_id, seconds: runs.advance([run_id]))
    # All calls are made in the test's own transaction: its connection stays open between them.
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda self: None)
    return Judge(world.build(acme, make_integration))


def edges(schema: Any, operation: Any) -> Iterator[Any]:
    config = schema.config.generation_for(operation=operation, phase="coverage")
    return iter(schema.iter_coverage_cases(operation, generation_modes=KINDS, generation_config=config))


def fuzz(operation: Any, judge: Judge) -> None:
    @drawing(max_examples=FUZZED, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=st.one_of([operation.as_strategy(kind) for kind in KINDS]), pick=st.integers(0, 1000))
    def draw(case: Any, pick: int) -> None:
        judge.call(case, pick)

    draw()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_answer_is_one_that_the_schema_describes(shard: int, schema: Any, judge: Judge) -> None:
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations[shard::SHARDS]:
        for pick, case in enumerate(edges(schema, operation)):
            judge.call(case, pick)
        fuzz(operation, judge)

    assert not judge.failures, "\n\n".join(judge.failures.values())
    assert judge.count >= LEAST_CASES / SHARDS
