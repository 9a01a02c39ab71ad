from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from servicetsunami.tests.routes import at_key, routes
from tenants.models import User
from tenants.roles import Role
from tenants.testing import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
SPLIT = "a\r\nSet-Cookie: evil=1\r\n\r\n<script>"
ESCAPED = "a%0d%0aSet-Cookie:%20evil=1"
QUERY = ("cursor", "page", "page_size", "search", "version", "format", "next", "lang", "ordering", "state", "script")


@pytest.fixture
def admin(people: dict[Role, User]) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(people[Role.ADMIN])
    return client


def is_split(answer: Any) -> bool:
    heads = [f"{name}: {value}" for name, value in answer.headers.items()]
    return "evil" in answer.cookies or any("\n" in head or "\r" in head for head in heads)


@pytest.mark.parametrize("route", sorted(routes()))
def test_no_parameter_reaches_a_header_as_it_is(route: str, admin: Client) -> None:
    for name in QUERY:
        answer = admin.get(f"{at_key(route)}?{name}={ESCAPED}")
        assert answer.status_code < 500, (route, name)
        assert not is_split(answer)


@pytest.mark.parametrize("route", sorted(route for route in routes() if "{" in route))
def test_no_path_reaches_a_header_as_it_is(route: str, admin: Client) -> None:
    answer = admin.get(at_key(route, ESCAPED))
    assert answer.status_code < 500
    assert not is_split(answer)


@pytest.mark.parametrize("name", ["X-Tenant", "Idempotency-Key", "If-Match", "X-Request-ID", "Accept", "Authorization"])
def test_no_header_of_a_caller_comes_back_as_it_was(name: str, admin: Client) -> None:
    for method, path in (("GET", "/api/v1/integrations/"), ("POST", "/api/v1/integrations/bulk"), ("GET", "/login")):
        answer = admin.generic(method, path, "{}", content_type="application/json", headers={name: SPLIT})
        assert answer.status_code < 500
        assert not is_split(answer)


def test_after_signing_in_nobody_is_led_to_another_site(people: dict[Role, User]) -> None:
    user = people[Role.ADMIN]
    user.set_password("long enough 1")
    user.save()
    for place in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", SPLIT):
        given = {"username": user.email, "password": "long enough 1", "next": place}
        answer = Client().post("/login", given)
        assert answer.headers["Location"] == "/"


def test_a_name_with_line_ends_splits_no_header(people: dict[Role, User]) -> None:
    client = client_of(people[Role.ADMIN])
    answer = client.post("/api/v1/tokens/", {"name": SPLIT[:100]}, format="json")
    assert answer.status_code in (201, 400)
    assert not is_split(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../servicetsunami/settings.py",
        "/static/..%2f..%2fmanage.py",
        "/static/%2e%2e/manage.py",
        "/static//etc/passwd",
        "/static/..\\manage.py",
        "/static/hub.css%00.py",
        "/api/v1/connectors/..%2f..%2fmanage.py",
        "/api/v1/connectors/..%2fmanage.py/logo",
        "/api/v1/datasets/..%2f..%2fhub.sqlite3/preview",
        "/api/v1/runs/..%2f..%2fhub.env/logs",
    ],
)
def test_no_path_leads_to_a_file_of_the_hub(path: str, admin: Client) -> None:
    assert admin.get(path).status_code == 404
