from __future__ import annotations

import pytest
from django.test import Client

from servicetsunami.tests.routes import Row, admin_routes, at, filled, table
from tenants.models import User
from tenants.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
CHANGES = [row for row in table() if row.method != "GET"]


def signed_in(user: User) -> Client:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.mark.parametrize("row", CHANGES, ids=str)
@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "application/json", "text/plain"])
def test_nothing_is_changed_for_a_page_of_another_site(
    row: Row, media_type: str, people: dict[Role, User], objects: dict[str, str]
) -> None:
    for given in ({}, {"X-CSRFToken": "x" * 64}, {"Origin": "https://evil.example"}):
        client = signed_in(people[Role.ADMIN])
        answer = client.generic(row.method, at(row.route, objects), "{}", content_type=media_type, headers=given)
        # 401: no session opens it, whoever asks.
        assert answer.status_code in (401, 403), answer.content


def test_with_the_token_of_its_own_page_a_form_is_taken(people: dict[Role, User]) -> None:
    client = signed_in(people[Role.ADMIN])
    client.get("/team")
    token = client.cookies["csrftoken"].value
    assert client.post("/logout", headers={"X-CSRFToken": token}).status_code == 302


def test_the_admin_site_takes_no_form_without_its_token(people: dict[Role, User]) -> None:
    User.objects.filter(pk=people[Role.ADMIN].pk).update(is_staff=True, is_superuser=True)
    places = {"object_id": "1", "id": "1", "content_type_id": "1", "app_label": "tenants", "url": "nowhere"}
    for route in admin_routes():
        answer = signed_in(User.objects.get(pk=people[Role.ADMIN].pk)).post(filled(route, places))
        assert answer.status_code == 403, route
