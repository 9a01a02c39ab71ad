from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import LazySettings
from django.conf import settings as hub
from django.core.cache import cache
from django.test import Client

from tenants.models import AuditEvent, Member, Tenant, User
from tenants.roles import Role
from tenants.services import invitations
from tenants.testing import join
from tenants.tests.identity_provider import CLIENT, SECRET
from tenants.tests.test_second_step import PASSWORD, is_in, sign_in, turn_on

pytestmark = pytest.mark.django_db
INPUT = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("provider")
    command = [sys.executable, "-m", "tenants.tests.identity_provider", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=hub.BASE_DIR, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while not (folder / "ready.json").exists():
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        yield json.loads((folder / "ready.json").read_text())["url"]
    finally:
        process.kill()
        process.wait()


def use(settings: LazySettings, url: str) -> None:
    providers = copy.deepcopy(hub.SOCIALACCOUNT_PROVIDERS)
    app = {"provider_id": "sso", "name": "Acme ID", "client_id": CLIENT, "secret": SECRET}
    providers["openid_connect"]["APPS"] = [{**app, "settings": {"server_url": url}}]
    settings.SOCIALACCOUNT_PROVIDERS = providers
    settings.OIDC_URL, settings.OIDC_NAME = url, "Acme ID"


@pytest.fixture(autouse=True)
def configured(settings: LazySettings, provider: str, db: None) -> None:
    """A hub that somebody looks after already, and that knows the provider."""
    User.objects.create(email="root@example.com")
    use(settings, provider)
    cache.clear()


@pytest.fixture
def dora(acme: Tenant) -> User:
    user = join(acme, "dora", Role.VIEWER)
    user.set_password(PASSWORD)
    user.save()
    return user


class Browser:
    """Somebody at the hub and at the provider, with a session at each."""

    def __init__(self, provider: str, name: str) -> None:
        self.hub, self.away = Client(), requests.Session()
        self.away.get(f"{provider.removesuffix('/o')}/login", params={"user": name}, timeout=10).raise_for_status()

    def leave(self, next_page: str = "", **more: str) -> str:
        """Press the button at the hub, and return where it leads."""
        page = self.hub.post("/login/sso", {"next": next_page, **more}).content.decode()
        return unescape(re.findall(r'<a [^>]*href="(http[^"]+)"', page)[-1])

    def consent(self, url: str, allow: bool = True) -> str:
        """Answer the provider's question, and return the address that it sends the browser to."""
        page = self.away.get(url, timeout=10).text
        fields = {name: unescape(value) for name, value in INPUT.findall(page)}
        answer = self.away.post(
            url, {**fields, **({"allow": "Authorize"} if allow else {})}, timeout=10, allow_redirects=False
        )
        return answer.headers["Location"].removeprefix("http://testserver")

    def come_back(self, path: str) -> Any:
        return self.hub.get(path)

    def sign_in(self, next_page: str = "") -> Any:
        return self.come_back(self.consent(self.leave(next_page)))

    def message(self) -> str:
        return self.hub.get("/login").content.decode()


@pytest.fixture
def browser(provider: str) -> Callable[[str], Browser]:
    return lambda name: Browser(provider, name)


def test_a_verified_address_signs_in_to_its_account(browser: Callable[[str], Browser], dora: User) -> None:
    person = browser("dora")
    answer = person.sign_in("/team")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/team")
    assert b"dora@example.com" in person.hub.get("/team").content
    assert SocialAccount.objects.get().user == dora
    event = AuditEvent.everywhere.get()
    assert (event.actor, event.verb, event.object_id) == (dora, "linked", dora.pk)
    assert not SocialToken.objects.exists()


def test_once_linked_the_account_is_known_by_its_id_and_not_its_address(
    browser: Callable[[str], Browser], dora: User, provider: str
) -> None:
    browser("dora").sign_in()
    change = f"{provider.removesuffix('/o')}/change"
    requests.get(change, params={"user": "dora", "email": "other@example.com"}, timeout=10)
    try:
        person = browser("dora")
        person.sign_in()
        assert b"dora@example.com" in person.hub.get("/team").content
    finally:
        requests.get(change, params={"user": "dora", "email": "dora@example.com"}, timeout=10)


def test_an_address_that_nobody_verified_opens_no_account(browser: Callable[[str], Browser], acme: Tenant) -> None:
    join(acme, "mallory", Role.ADMIN)
    person = browser("mallory")
    assert person.sign_in().headers["Location"] == "/login"
    assert "has not verified" in person.message()
    assert not is_in(person.hub)
    assert not SocialAccount.objects.exists()


def test_nobody_gets_an_account_by_signing_in(browser: Callable[[str], Browser]) -> None:
    person = browser("eve")
    person.sign_in()
    assert "There is no account for eve@example.com" in person.message()
    assert not User.objects.exclude(email="root@example.com").exists()


def test_who_is_invited_gets_an_account_and_joins(browser: Callable[[str], Browser], acme: Tenant, alice: User) -> None:
    _, secret = invitations.create(tenant=acme, by=alice, role=Role.EDITOR, email="Eve@example.com")
    person, page = browser("eve"), f"/invitations/{secret}"
    assert person.sign_in(page).headers["Location"] == page
    assert b"signed in as eve@example.com" in person.hub.get(page).content
    person.hub.post(page)
    eve = User.objects.get(email="eve@example.com")
    assert Member.everywhere.get(user=eve).role == "editor"
    assert (eve.has_usable_password(), eve.is_staff) == (False, False)


@pytest.mark.parametrize(("name", "email"), [("eve", "other@example.com"), ("mallory", "")])
def test_an_invitation_lets_in_only_whom_it_is_for(
    browser: Callable[[str], Browser], acme: Tenant, alice: User, name: str, email: str
) -> None:
    _, secret = invitations.create(tenant=acme, by=alice, role=Role.EDITOR, email=email)
    person = browser(name)
    assert person.sign_in(f"/invitations/{secret}").headers["Location"] == "/login"
    assert not User.objects.filter(email=f"{name}@example.com").exists()


def test_a_withdrawn_invitation_makes_no_account(browser: Callable[[str], Browser], acme: Tenant, alice: User) -> None:
    invitation, secret = invitations.create(tenant=acme, by=alice, role=Role.EDITOR)
    person = browser("eve")
    url = person.leave(f"/invitations/{secret}")
    invitations.withdraw(invitation=invitation, by=alice)
    person.come_back(person.consent(url))
    assert not User.objects.filter(email="eve@example.com").exists()


def test_linking_ends_the_password_and_the_sessions_that_somebody_else_may_have(
    browser: Callable[[str], Browser], dora: User
) -> None:
    earlier = Client()
    sign_in(earlier)
    assert is_in(earlier)
    browser("dora").sign_in()
    assert not is_in(earlier)
    assert sign_in(Client()).status_code == 200


def test_the_provider_has_a_second_step_of_its_own(browser: Callable[[str], Browser], dora: User) -> None:
    client = Client()
    sign_in(client)
    turn_on(client)
    person = browser("dora")
    assert person.sign_in("/team").headers["Location"] == "/team"
    assert is_in(person.hub)


def test_a_closed_account_stays_closed(browser: Callable[[str], Browser], dora: User) -> None:
    User.objects.update(is_active=False)
    person = browser("dora")
    person.sign_in()
    assert "This account is closed" in person.message()
    assert not is_in(person.hub)


def test_who_says_no_at_the_provider_is_told_so(browser: Callable[[str], Browser], dora: User) -> None:
    person = browser("dora")
    back = person.consent(person.leave(), allow=False)
    assert "error=access_denied" in back
    assert person.come_back(back).headers["Location"] == "/login"
    assert "did not sign you in" in person.message()
    assert not is_in(person.hub)


def test_a_sign_in_that_another_browser_began_is_refused(browser: Callable[[str], Browser], dora: User) -> None:
    person, victim = browser("dora"), browser("eve")
    back = person.consent(person.leave())
    assert victim.come_back(back).headers["Location"] == "/login"
    assert not is_in(victim.hub)
    forged = re.sub(r"state=\w+", "state=forged", back)
    assert person.come_back(forged).headers["Location"] == "/login"
    assert not is_in(person.hub)


def test_a_code_of_the_provider_is_taken_once(browser: Callable[[str], Browser], dora: User) -> None:
    person = browser("dora")
    back = person.consent(person.leave())
    person.come_back(back)
    assert is_in(person.hub)
    person.hub.logout()
    assert person.come_back(back).headers["Location"] == "/login"
    assert not is_in(person.hub)


def test_no_other_account_is_linked_by_whoever_is_signed_in(
    browser: Callable[[str], Browser], dora: User, alice: User
) -> None:
    person = browser("dora")
    person.hub.force_login(alice)
    person.come_back(person.consent(person.leave(process="connect")))
    assert SocialAccount.objects.get().user == dora


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_leads_to_the_hub_alone(browser: Callable[[str], Browser], dora: User, page: str) -> None:
    assert browser("dora").sign_in(page).headers["Location"] == "/"


def test_a_provider_that_is_away_is_said_to_be(client: Client, settings: LazySettings) -> None:
    use(settings, "http://127.0.0.1:9")
    assert client.post("/login/sso").headers["Location"] == "/login"
    assert b"does not answer" in client.get("/login").content


def test_the_button_is_there_when_there_is_a_provider(client: Client, settings: LazySettings, tmp_path: Path) -> None:
    assert b"Sign in with Acme ID" in client.get("/login").content
    settings.OIDC_URL, settings.SOCIALACCOUNT_PROVIDERS = "", {"openid_connect": {"APPS": []}}
    assert b"Acme ID" not in client.get("/login").content
    assert client.post("/login/sso").status_code == client.get("/login/sso/done").status_code == 404
