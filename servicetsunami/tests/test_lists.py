from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Run
from integrations.services.integrations import NewCredential
from integrations.testing import KEY, fake_connector, follow
from servicetsunami.tests.routes import at, table
from tenants.models import Member, Tenant, User
from tenants.roles import Role
from tenants.services import invitations, tokens
from tenants.testing import join

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
READS = sorted({row.route for row in table() if row.method == "GET"})
LISTS = [route for route in READS if route.startswith("/api/v1/") and route.endswith("/")]


@pytest.fixture
def grow(acme: Tenant, people: dict[Role, User], make_run: Callable[..., Run]) -> Callable[[int], None]:
    """Give Acme so many more of everything, each with a connector, a credential and a dataset of its own."""

    def more(count: int) -> None:
        for name in (uuid4().hex[:8] for _ in range(count)):
            connector = fake_connector(f"own-{name}", credential=KEY, tenant=acme)
            follow(make_run({"rows": [{"a": 1}]}, connector=connector, credential=NewCredential(name, {"key": "x"})))
            member = Member.everywhere.get(user=join(acme, name, Role.VIEWER))
            tokens.issue(member=member, name=name)
            tokens.issue(member=Member.everywhere.get(user=people[Role.ADMIN]), name=name)
            invitations.create(tenant=acme, by=people[Role.ADMIN], role=Role.VIEWER)

    return more


def costs(user: User, objects: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The queries that each address is answered with, once it is known to the process."""
    client = Client()
    client.force_login(user)
    for route in READS:
        client.get(at(route, objects))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(at(route, objects)).status_code < 500
        yield route, len(queries)


def test_every_address_costs_the_same_however_many_rows_there_are(
    people: dict[Role, User], objects: dict[str, str], grow: Callable[[int], None]
) -> None:
    grow(2)
    few = dict(costs(people[Role.ADMIN], objects))
    grow(8)
    assert dict(costs(people[Role.ADMIN], objects)) == few


def test_no_list_counts_all_rows_or_steps_over_some(
    people: dict[Role, User], objects: dict[str, str], grow: Callable[[int], None]
) -> None:
    grow(3)
    client = Client()
    client.force_login(people[Role.ADMIN])
    with CaptureQueriesContext(connection) as queries:
        for route in LISTS:
            first = client.get(f"{route}?page_size=1").json()
            assert first.get("next") is None or client.get(first["next"]).status_code == 200
    said = [query["sql"].upper() for query in queries]
    assert len(LISTS) > 5
    assert not [sql for sql in said if "COUNT(" in sql or "OFFSET" in sql]
