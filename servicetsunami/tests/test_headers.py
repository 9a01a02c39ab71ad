from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.test import Client

from servicetsunami.tests.routes import at, routes
from tenants.models import User
from tenants.roles import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
STRICT = {
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'",
}  # fmt: skip
PRODUCTION = {"HUB_SECURE_COOKIES": "true", "SECRET_KEY": "Only for this test, and 50 characters long or more."}


class Written(HTMLParser):
    """What a page runs or wears that its policy would refuse: scripts, styles and handlers written into it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        handlers = [name for name in given if name.startswith(("on", "hx-on")) or name == "style"]
        is_inline = tag == "style" or (tag == "script" and "src" not in given and "json" not in str(given.get("type")))
        leads_to_script = str(given.get("href", "")).startswith("javascript:")
        if handlers or is_inline or leads_to_script:
            self.found.append(self.get_starttag_text() or tag)


def policy(answer: Any) -> set[str]:
    return set(answer.headers["Content-Security-Policy"].split("; "))


@pytest.fixture
def admin(people: dict[Role, User]) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(people[Role.ADMIN])
    return client


@pytest.mark.parametrize("route", sorted(routes()))
def test_a_page_loads_from_the_hub_alone_and_holds_no_script_or_style(
    route: str, admin: Client, objects: dict[str, str]
) -> None:
    for client in (admin, Client()):
        answer = client.get(at(route, objects))
        assert answer.status_code < 500
        if not route.endswith("/logo") or answer.status_code != 200:
            assert policy(answer) == STRICT
        if answer.headers["Content-Type"].startswith("text/html"):
            assert Written(answer.content.decode()).found == []


def test_what_is_written_into_a_page_is_found() -> None:
    page = (
        "<b style=x></b><a onclick=x></a><script>x</script><script src=x></script><style></style><a href=javascript:x>"
    )
    assert len(Written(page).found) == 5


def test_a_logo_opened_as_a_page_runs_and_loads_nothing(admin: Client, objects: dict[str, str]) -> None:
    answer = admin.get(f"/api/v1/connectors/{objects['connectors']}/logo")
    assert {"default-src 'none'", "sandbox"} <= policy(answer)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_policy_is_wider_for_the_admin_site_alone() -> None:
    wider = policy(Client().get("/admin/login/")) - STRICT
    assert wider == {"script-src 'self' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'"}
    assert policy(Client().get("/administrators")) == STRICT


@pytest.mark.parametrize("path", ["/login", "/nowhere", "/api/v1/runs/", "/healthz", "/admin/login/"])
def test_every_answer_tells_browsers_what_they_may_not(path: str) -> None:
    headers = Client().get(path).headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.fixture
def secure(settings: LazySettings, alice: User) -> Client:
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    return Client()


def test_over_https_browsers_are_told_to_stay_there_and_cookies_never_leave_it(secure: Client) -> None:
    answer = secure.get("/login", headers={"X-Forwarded-Proto": "https"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert all(cookie["secure"] for cookie in answer.cookies.values())
    assert answer.cookies


def test_a_page_asked_for_without_https_is_sent_there_and_programs_nearby_are_answered(secure: Client) -> None:
    assert secure.get("/login").headers["Location"] == "https://testserver/login"
    assert secure.get("/healthz").status_code == 200
    assert secure.get("/api/v1/runs/").status_code == 401


def test_the_session_s_cookie_is_kept_from_scripts_and_from_other_sites(people: dict[Role, User]) -> None:
    people[Role.ADMIN].set_password("long enough 1")
    people[Role.ADMIN].save()
    given = {"username": people[Role.ADMIN].email, "password": "long enough 1"}
    cookie = Client().post("/login", given).cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


@pytest.mark.parametrize("host", ["evil.example", "testserver@evil.example", "testserver:80:80", "test server", ""])
def test_a_host_that_is_not_ours_is_refused_on_every_page(host: str) -> None:
    for path in ("/login", "/password/forgotten", "/api/v1/runs/", "/api/docs"):
        answer = Client(raise_request_exception=False).get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()


def test_a_host_that_a_proxy_is_said_to_name_is_not_believed() -> None:
    answer = Client().get("/api/v1/integrations/available", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in str(answer.headers) + answer.content.decode()


def test_production_passes_django_s_own_checks() -> None:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env={**os.environ, **PRODUCTION}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"no issues \(1 silenced\)", done.stdout + done.stderr)
