from __future__ import annotations

import pytest
from django.test import Client

from tenants.models import User

FORM = {"name": "Zoë", "time_zone": "Europe/Berlin", "language": "de", "theme": "dark"}


@pytest.fixture
def page(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def test_the_menu_leads_to_the_profile(page: Client) -> None:
    assert 'href="/profile"' in page.get("/team").content.decode()


def test_a_profile_is_kept_and_the_pages_follow_it(page: Client, alice: User) -> None:
    assert page.post("/profile", FORM)["Location"] == "/profile"
    shown = page.get("/profile").content.decode()
    alice.refresh_from_db()
    assert (alice.first_name, alice.time_zone, alice.language, alice.theme) == ("Zoë", "Europe/Berlin", "de", "dark")
    assert '<html lang="de"' in shown
    assert 'data-wish="dark"' in shown
    assert '<option value="Europe/Berlin" selected>' in shown


@pytest.mark.parametrize(
    "wrong", [{"time_zone": "Mars/Olympus"}, {"language": "xx"}, {"theme": "pink"}, {"name": "x" * 151}]
)
def test_what_the_hub_does_not_know_is_refused(page: Client, alice: User, wrong: dict[str, str]) -> None:
    answer = page.post("/profile", FORM | wrong)
    alice.refresh_from_db()
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert alice.theme == "system"


def test_a_name_is_shown_as_text(page: Client) -> None:
    page.post("/profile", FORM | {"name": "<script>alert(1)</script>"})
    assert "<script>alert" not in page.get("/team").content.decode()


def test_somebody_of_no_organisation_has_a_profile_too(client: Client, db: None) -> None:
    client.force_login(User.objects.create(email="dora@example.com"))
    assert client.post("/profile", FORM)["Location"] == "/profile"
