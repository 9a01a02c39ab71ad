import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from integrations.models import Integration, Run
from integrations.testing import follow
from tenants.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeIntegration = Callable[..., Integration]


@pytest.fixture
def page(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def test_a_visitor_is_asked_to_sign_in(db: None) -> None:
    assert Client().get("/").headers["Location"] == "/login?next=/"


def test_home_lists_integrations_with_their_last_run(page: Client, make_run: Callable[..., Run]) -> None:
    failure = {"message": "The key was refused.", "retryable": False, "fix": "Enter it again."}
    follow(make_run({"rows": [{"a": 1}]}, name="Flights"))
    follow(make_run({"failure": failure}, name="<b>Trains</b>"))

    shown = page.get("/").content.decode()

    assert "Flights" in shown and "Succeeded" in shown
    assert "&lt;b&gt;Trains&lt;/b&gt;" in shown
    assert "The key was refused." in shown and 'title="Enter it again."' in shown


def test_home_shows_nothing_of_another_tenant(charlie: User, make_integration: MakeIntegration) -> None:
    make_integration(name="Flights")
    client = Client()
    client.force_login(charlie)

    assert b"Flights" not in client.get("/").content


def test_home_of_somebody_without_a_tenant_says_so(db: None) -> None:
    client = Client()
    client.force_login(User.objects.create(email="nobody@example.com"))

    assert b"not a member of any organisation" in client.get("/").content


def test_home_costs_the_same_however_long_it_is(
    page: Client, make_integration: MakeIntegration, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(60):
        make_integration()

    with django_assert_max_num_queries(16):
        first = page.get("/").content.decode()

    [older] = re.findall(r'href="([^"]*cursor=[^"]*)"', first)
    second = page.get(older.replace("&amp;", "&")).content.decode()
    names = [re.findall(r"integration [0-9a-f]{8}(?=</a>)", content) for content in (first, second)]
    assert [len(each) for each in names] == [50, 10]
    assert len(set(names[0] + names[1])) == 60
