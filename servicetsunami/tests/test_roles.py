from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from servicetsunami.tests.routes import METHODS, TABLE, Row, admin_routes, at, at_key, filled, routes, table
from tenants.models import ApiToken, Member, Tenant, User
from tenants.roles import Role
from tenants.services import tokens

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]

ROWS = table()
ROUTES = routes()
LADDER = list(Role)
REFUSED = (401, 403, 405)


def ask(client: APIClient, method: str, path: str) -> Any:
    """Call with an empty body, and undo whatever it did."""
    with transaction.atomic():
        answer = client.generic(method, path, "{}" if method in METHODS[1:4] else "", content_type="application/json")
        transaction.set_rollback(True)
    return answer


def client_of(user: User | None = None, secret: str = "") -> APIClient:
    client = APIClient(raise_request_exception=False)
    if user:
        client.force_login(user)
    if secret:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def secret_of(user: User, **values: Any) -> str:
    token, secret = tokens.issue(member=Member.everywhere.get(user=user), name="roles")
    ApiToken.everywhere.filter(pk=token.pk).update(**values)
    return secret


def is_let_in(answer: Any, row: Row) -> bool:
    """Tell whether the call got as far as its own work, whatever came of that; for an object, that it was found."""
    assert answer.status_code < 500, answer.content
    sent_away = answer.status_code == 302 and answer.headers["Location"].startswith("/login?next=")
    return not sent_away and answer.status_code not in (REFUSED if "{" not in row.route else (*REFUSED, 404))


def assert_refused(answer: Any, row: Row, status: int = 401) -> None:
    if row.is_api:
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    elif status == 401:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login?next=")
    else:
        assert answer.status_code == status


def of_members(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.level in LADDER]


def test_the_table_and_the_addresses_name_the_same_routes() -> None:
    assert {row.route for row in ROWS if not row.route.startswith("/admin/")} == set(ROUTES), f"Mend {TABLE}."
    assert len(ROWS) == len({(row.route, row.method) for row in ROWS})


@pytest.mark.parametrize("route", ROUTES)
def test_every_method_of_a_route_is_in_the_table(
    route: str, acme: Tenant, people: dict[Role, User], objects: dict[str, str]
) -> None:
    views = {getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None)) for entry in ROUTES[route]}
    clients = (client_of(), client_of(people[Role.ADMIN]))
    path = at(route, objects)
    answered = {m for m in METHODS if all(ask(client, m, path).status_code != 405 for client in clients)}

    assert len(views) == 1
    assert answered == {row.method for row in ROWS if row.route == route}


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_nobody_is_let_in_where_the_table_says_so_alone(row: Row, objects: dict[str, str]) -> None:
    answer = ask(client_of(), row.method, at(row.route, objects))
    if row.level == "anyone":
        assert is_let_in(answer, row)
    else:
        assert_refused(answer, row)


@pytest.mark.parametrize("row", of_members(ROWS), ids=str)
def test_each_role_may_what_the_table_says(row: Row, people: dict[Role, User], objects: dict[str, str]) -> None:
    for role, user in people.items():
        answer = ask(client_of(user), row.method, at(row.route, objects))
        if role.covers(Role(row.level)):
            assert is_let_in(answer, row), (role, answer.status_code, answer.content)
        else:
            assert_refused(answer, row, 403)


@pytest.mark.parametrize("row", [row for row in ROWS if row.level in ("signed in", "session")], ids=str)
def test_somebody_signed_in_is_let_in_without_a_tenant(row: Row) -> None:
    user = User.objects.create(email="dora@example.com")
    assert is_let_in(ask(client_of(user), row.method, row.route), row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.level == "owner"], ids=str)
def test_what_is_one_s_own_is_for_its_owner_and_for_admins(
    row: Row, people: dict[Role, User], objects: dict[str, str]
) -> None:
    for role, user in people.items():
        answer = ask(client_of(user), row.method, at(row.route, objects))
        assert is_let_in(answer, row) == (role in (Role.VIEWER, Role.ADMIN))
        assert is_let_in(answer, row) or answer.status_code == 404


@pytest.mark.parametrize("row", [row for row in ROWS if row.level != "anyone"], ids=str)
def test_a_token_opens_calls_and_nothing_else(row: Row, people: dict[Role, User], objects: dict[str, str]) -> None:
    least = Role(row.level) if row.level in LADDER else Role.VIEWER if row.level == "signed in" else Role.ADMIN
    answer = ask(client_of(secret=secret_of(people[Role.ADMIN], role=least)), row.method, at(row.route, objects))
    if row.is_api and row.level not in ("session", "staff", "run"):
        assert is_let_in(answer, row), answer.content
    else:
        assert_refused(answer, row, 403 if row.is_api and row.level in ("session", "staff") else 401)


@pytest.mark.parametrize("row", [row for row in ROWS if row.level == "staff"], ids=str)
def test_what_is_for_staff_needs_staff_that_is_an_admin(
    row: Row, people: dict[Role, User], objects: dict[str, str]
) -> None:
    for is_staff, role in product((False, True), LADDER):
        User.objects.filter(pk=people[role].pk).update(is_staff=is_staff)
        answer = ask(client_of(secret=secret_of(people[role])), row.method, at(row.route, objects))
        if is_staff and role is Role.ADMIN:
            assert is_let_in(answer, row), answer.content
        else:
            assert_refused(answer, row, 403)


@pytest.mark.parametrize("row", [row for row in ROWS if row.level != "anyone"], ids=str)
@pytest.mark.parametrize("end", ["expires_at", "revoked_at"])
def test_a_token_that_has_ended_opens_nothing(row: Row, end: str, people: dict[Role, User]) -> None:
    secret = secret_of(people[Role.ADMIN], **{end: timezone.now() - timedelta(seconds=1)})
    assert_refused(ask(client_of(secret=secret), row.method, at_key(row.route)), row)


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_of_an_object], ids=str)
def test_what_belongs_to_others_is_as_if_it_were_not(row: Row, charlie: User, objects: dict[str, str]) -> None:
    client = client_of(charlie)
    ask(client, "GET", "/")  # what a first request alone looks up
    answers, counts = [], []
    for path in (at(row.route, objects), at_key(row.route)):
        with CaptureQueriesContext(connection) as queries:
            answers.append(ask(client, row.method, path))
        counts.append(len(queries))

    assert [answer.status_code for answer in answers] == [404, 404]
    assert len({re.sub(rb'"request_id": ?"[^"]*"|<code>[^<]*</code>', b"", answer.content) for answer in answers}) == 1
    assert counts[0] == counts[1]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_admin_site_is_for_staff(method: str, people: dict[Role, User]) -> None:
    places = {"object_id": "1", "id": "1", "content_type_id": "1", "app_label": "tenants", "url": "nowhere"}
    clients = [client_of(), *(client_of(user) for user in people.values())]
    clients.append(client_of(secret=secret_of(people[Role.ADMIN])))
    for route in admin_routes():
        for client in clients:
            answer = ask(client, method, filled(route, places))
            assert route == "/admin/login/" or answer.status_code == 302, (route, answer.status_code)


def test_the_admin_site_opens_to_staff() -> None:
    root = User.objects.create_superuser("root@example.com", "x")
    assert ask(client_of(root), "GET", "/admin/").status_code == 200
