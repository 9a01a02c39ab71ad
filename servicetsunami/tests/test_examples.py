from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from servicetsunami.tests import world
from servicetsunami.tests.world import World
from tenants.api import examples
from tenants.api.examples import Exchange
from tenants.models import User
from tenants.roles import Role
from tenants.services import invitations

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]

SCHEMA: Any = SchemaGenerator().get_schema(public=True)
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
}
NEEDS_A_SERVICE = {"credentials_authorise"}
"""Calls whose success is another server's word: their own tests run one."""

ARCHIVES = {"connectors_import"}
"""Calls whose body no text can show."""
FREE = ("config", "data", "steps", "metrics")
"""Fields whose content is no part of the schema."""


def exchanges() -> Iterator[tuple[str, Exchange]]:
    """The examples of every operation; one that sends nothing and has none is called all the same."""
    for name, (_, _, operation) in OPERATIONS.items():
        [success] = sorted(status for status in operation["responses"] if status < "300")[:1]
        plain = [] if "requestBody" in operation or name in NEEDS_A_SERVICE else [Exchange("as it is", int(success))]
        for each in examples.by_operation().get(name, plain):
            yield name, each


EXCHANGES = list(exchanges())


@pytest.fixture
def here(acme: Any, make_integration: Any, settings: Any) -> World:
    settings.URL = "http://testserver"
    return world.build(acme, make_integration)


def called(here: World, name: str, exchange: Exchange, path: str) -> Any:
    """Make the call with what stands in the example, and undo it."""
    method, _, operation = OPERATIONS[name]
    client, headers, text = APIClient(), here.headers, json.dumps(exchange.request)
    media_type = next(iter(operation.get("requestBody", {}).get("content", {"application/json": 0})))
    if name == "runs_push_rows":
        headers, text, path = here.pushing(path.split("/")[4]), exchange.request, f"{path}?page=0"
    if name == "invitations_accept":
        dora = User.objects.create(email="dora@example.com")
        client.force_login(dora)
        headers = {}
        _, secret = invitations.create(tenant=here.tenant, by=here.admin, role=Role.VIEWER)
        text = json.dumps({"token": secret})
    with transaction.atomic():
        sent = "" if exchange.request is None else here.real(text)
        answer = client.generic(method, path, sent, content_type=media_type, headers=headers)
        transaction.set_rollback(True)
    return answer


def paths(here: World, name: str) -> list[str]:
    """The operation's address, with each of the things that it may stand for."""
    path = OPERATIONS[name][1]
    noun = re.search(r"/([\w-]+)/(\{\w+\})", path)
    return [path.replace(noun[2], key) for key in here.ids[noun[1]]] if noun else [path]


def valid(name: str, status: int, value: Any) -> None:
    [content] = OPERATIONS[name][2]["responses"][str(status)]["content"].values()
    jsonschema_rs.validator_for({**content["schema"], "components": SCHEMA["components"]}).validate(value)


def shape(value: Any) -> Any:
    """What fields a value has, at every depth; of a list, those of its first item. Free objects are not looked into."""
    if isinstance(value, dict):
        return {key: ... if key in FREE else shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value[:1]] if isinstance(value, list) else ...


@pytest.mark.parametrize(("name", "exchange"), EXCHANGES, ids=[f"{name}: {each.name}" for name, each in EXCHANGES])
def test_a_call_is_answered_as_its_example_says(name: str, exchange: Exchange, here: World) -> None:
    answers = [called(here, name, exchange, path) for path in paths(here, name)]
    good = [answer for answer in answers if answer.status_code == exchange.status]
    assert good, [answer.content[:600] for answer in answers]
    answer = good[0]

    if answer.headers.get("Content-Type") == "application/json":
        valid(name, exchange.status, answer.json())
    if exchange.response is not None:
        valid(name, exchange.status, exchange.response)
        assert shape(exchange.response) == shape(answer.json()), f"Bring {name} in examples.json up to date."


def test_every_body_that_a_call_takes_has_an_example() -> None:
    taking = {name for name, (_, _, operation) in OPERATIONS.items() if "requestBody" in operation} - ARCHIVES

    assert taking <= examples.by_operation().keys()
    assert examples.by_operation().keys() <= OPERATIONS.keys()
