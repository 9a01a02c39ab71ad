from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client

from connectors.models import Connector
from connectors.tests.browser import Page as Form
from integrations.models import Credential, Draft, Integration, Run
from integrations.services import drafts
from integrations.services.drafts import Content, Step
from integrations.testing import KEY, fake_connector
from tenants.models import Tenant, User
from tenants.roles import Role
from tenants.scope import scope
from tenants.testing import join

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
SECRET = "s3cret-and-long"
CONFIG = {
    "type": "object",
    "required": ["path"],
    "properties": {
        "path": {"type": "string", "title": "Path", "minLength": 2},
        "limit": {"type": "integer", "title": "Limit", "default": 10},
    },
}


@pytest.fixture
def erin(acme: Tenant) -> User:
    return join(acme, "erin", Role.EDITOR)


@pytest.fixture
def page(erin: User) -> Client:
    client = Client()
    client.force_login(erin)
    return client


@pytest.fixture
def inside(acme: Tenant) -> Iterator[None]:
    with scope(acme.pk):
        yield


@pytest.fixture
def crm(db: None) -> Connector:
    connector = fake_connector("crm", credential=KEY)
    Connector.objects.filter(pk=connector.pk).update(schema={"credential": KEY, "config": CONFIG})
    return Connector.objects.get(pk=connector.pk)


def begin(page: Client, slug: str = "crm") -> tuple[Draft, str]:
    """Begin a draft and return it with the address of its first step."""
    url = page.post(f"/connectors/{slug}/set-up").headers["Location"]
    return Draft.everywhere.get(), url


def fill(page: Client, url: str, typed: dict[str, str], **more: str) -> Any:
    """Type into the page's form as a browser without a script would, and send it."""
    shown = BeautifulSoup(page.get(url).content.decode(), "html.parser").find("form", class_="wizard-form")
    form = Form(str(shown))
    for name, text in typed.items():
        form.type(name, text)
    return page.post(url, {**form.send().dict(), **more})


def begin_with_branches(page: Client, crm: Connector) -> tuple[Draft, str]:
    by_time = {"by": {"const": "time"}, "since": {"type": "string", "title": "Since"}}
    by_page = {"by": {"const": "page"}, "size": {"type": "integer", "title": "Size"}}
    how = {
        "type": "object",
        "title": "How",
        "oneOf": [{"properties": one, "required": ["by"]} for one in (by_time, by_page)],
    }
    config = {**CONFIG, "properties": {**CONFIG["properties"], "how": how}, "required": ["path", "how"]}
    Connector.objects.filter(pk=crm.pk).update(schema={"credential": KEY, "config": config})
    draft, url = begin(page)
    return draft, fill(page, url, {"credential/key": SECRET}).headers["Location"]


def shown_form(answer: Any) -> Form:
    return Form(str(BeautifulSoup(answer.content.decode(), "html.parser").find("form", id="step")))


def at(draft: Draft, step: str) -> str:
    return f"/drafts/{draft.pk}/{step}"


def test_a_newcomer_comes_from_the_first_step_to_a_run(page: Client, crm: Connector, inside: None) -> None:
    draft, url = begin(page)
    assert url == at(draft, "secrets")
    url = fill(page, url, {"account_name": "Sales", "credential/key": SECRET}).headers["Location"]
    assert url == at(draft, "options")
    url = fill(page, url, {"config/path": "deals", "config/limit": "5"}).headers["Location"]
    assert url == at(draft, "schedule")
    options = {"name": "Deals", "cron": "0 6 * * *", "time_zone": "Europe/Berlin", "overlap": "skip"}
    options |= {"write_mode": "replace", "timeout_seconds": "60", "max_attempts": "2", "alert_emails": "a@b.example"}
    url = page.post(url, options).headers["Location"]
    assert url == at(draft, "review")
    shown = page.get(url).content.decode()
    assert "Deals" in shown and "deals" in shown and SECRET not in shown

    ended = page.post(url, {"action": "run"}).headers["Location"]

    made = Integration.objects.get()
    assert ended == f"/runs/{Run.objects.get().pk}"
    assert (made.name, made.config, made.cron) == ("Deals", {"path": "deals", "limit": 5}, "0 6 * * *")
    assert made.alert_emails == ["a@b.example"]
    assert made.credential is not None and made.credential.data["key"] == SECRET
    assert not Draft.objects.exists()


def test_going_back_loses_nothing_and_shows_no_secret(page: Client, crm: Connector) -> None:
    draft, url = begin(page)
    fill(page, url, {"account_name": "Sales", "credential/key": SECRET})
    fill(page, at(draft, "options"), {"config/path": "deals"})

    back = page.get(url).content.decode()
    assert 'value="Sales"' in back and SECRET not in back
    assert 'value="deals"' in page.get(at(draft, "options")).content.decode()
    fill(page, url, {"account_name": "Sales 2"})
    draft.refresh_from_db()
    assert Content.of(draft).credential["key"] == SECRET


def test_what_was_typed_for_another_option_comes_back_with_it(page: Client, crm: Connector) -> None:
    draft, url = begin_with_branches(page, crm)
    form = shown_form(page.get(url)).type("config/path", "deals").choose("config/how/by", "time")
    form = shown_form(page.post(url, form.send("refresh:config/how/by"))).type("config/how/since", "2026-01-31")
    form = shown_form(page.post(url, form.choose("config/how/by", "page").send("refresh:config/how/by")))
    page.post(url, {**form.type("config/how/size", "50").send().dict(), "go": "secrets"})

    form = shown_form(page.get(url))
    assert (form.typed("config/path"), form.typed("config/how/size")) == ("deals", "50")
    form = shown_form(page.post(url, form.choose("config/how/by", "time").send("refresh:config/how/by")))
    assert form.typed("config/how/since") == "2026-01-31"
    page.post(url, form.choose("config/how/by", "page").send("refresh:config/how/by"))
    assert shown_form(page.get(url)).typed("config/how/size") == "50"


def test_what_a_condition_hides_comes_back_when_it_is_met_again(page: Client, crm: Connector) -> None:
    then = {"properties": {"limit": {"type": "integer", "title": "Limit"}}}
    condition = {"if": {"properties": {"all": {"const": False}}, "required": ["all"]}, "then": then}
    properties = {"all": {"type": "boolean", "title": "All", "default": False}}
    config = {"type": "object", "properties": properties, **condition}
    Connector.objects.filter(pk=crm.pk).update(schema={"credential": KEY, "config": config})
    draft, url = begin(page)
    url = fill(page, url, {"credential/key": SECRET}).headers["Location"]
    form = shown_form(page.get(url)).type("config/limit", "7")
    form = shown_form(page.post(url, form.tick("config/all").send("refresh:config/all")))
    assert not form.has("config/limit")
    page.post(url, form.tick("config/all", on=False).send("refresh:config/all"))
    assert shown_form(page.get(url)).typed("config/limit") == "7"


def test_going_back_takes_along_what_is_wrong_too(page: Client, crm: Connector) -> None:
    draft, url = begin(page)
    fill(page, url, {"account_name": "Sales", "credential/key": SECRET})
    answer = fill(page, at(draft, "options"), {"config/path": "d", "config/limit": "many"}, go="secrets")
    assert answer.headers["Location"] == at(draft, "secrets")
    form = shown_form(page.get(at(draft, "options")))
    assert (form.typed("config/path"), form.typed("config/limit")) == ("d", "many")
    page.post(at(draft, "schedule"), {**_options("Deals"), "timeout_seconds": "soon", "go": "options"})
    assert shown_form(page.get(at(draft, "schedule"))).typed("timeout_seconds") == "soon"


def test_what_is_wrong_is_said_at_its_field_and_kept(page: Client, crm: Connector) -> None:
    draft, url = begin(page)
    fill(page, url, {"account_name": "Sales", "credential/key": SECRET})
    answer = fill(page, at(draft, "options"), {"config/path": "d", "config/limit": "many"})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert shown.count('aria-invalid="true"') == 2
    assert 'value="d"' in shown


def test_what_was_entered_is_sealed_and_in_no_session(page: Client, crm: Connector) -> None:
    draft, url = begin(page)
    fill(page, url, {"account_name": "Sales", "credential/key": SECRET})
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM integrations_draft")
        assert SECRET not in str(cursor.fetchall())
    assert SECRET not in json.dumps(dict(page.session))


def test_an_account_that_is_known_leaves_out_the_secrets(page: Client, crm: Connector, inside: None) -> None:
    known = Credential.objects.create(tenant_id=_tenant(), connector=crm, name="Known", data={"key": SECRET})
    draft, url = begin(page)
    assert url == at(draft, "account")
    assert page.post(url, {"account": str(known.pk)}).headers["Location"] == at(draft, "options")
    assert page.get(at(draft, "secrets")).headers["Location"] == at(draft, "account")
    fill(page, at(draft, "options"), {"config/path": "deals"})
    page.post(at(draft, "review"), {"action": "create"})
    assert Integration.objects.get().credential == known


def test_an_account_of_somebody_else_is_none(page: Client, crm: Connector, globex: Tenant, inside: None) -> None:
    with scope(globex.pk):
        theirs = Credential.objects.create(tenant=globex, connector=crm, name="Theirs", data={"key": SECRET})
    Credential.objects.create(tenant_id=_tenant(), connector=crm, name="Ours", data={"key": SECRET})
    draft, url = begin(page)
    assert "Choose one of the accounts" in page.post(url, {"account": str(theirs.pk)}).content.decode()


def test_a_second_integration_on_an_account_is_pointed_out(page: Client, crm: Connector, inside: None) -> None:
    known = Credential.objects.create(tenant_id=_tenant(), connector=crm, name="Known", data={"key": SECRET})
    for name in ("First", "Second"):
        draft = page.post("/connectors/crm/set-up").headers["Location"].split("/")[2]
        page.post(f"/drafts/{draft}/account", {"account": str(known.pk)})
        fill(page, f"/drafts/{draft}/options", {"config/path": "deals"})
        page.post(f"/drafts/{draft}/schedule", _options(name))
        shown = page.get(f"/drafts/{draft}/review").content.decode()
        page.post(f"/drafts/{draft}/review", {"action": "create"})
    assert "Also used by First" in shown


def test_a_name_that_was_taken_meanwhile_is_mended_on_its_step(
    page: Client, crm: Connector, make_integration: Callable[..., Integration]
) -> None:
    draft, url = begin(page)
    fill(page, url, {"account_name": "Sales", "credential/key": SECRET})
    fill(page, at(draft, "options"), {"config/path": "deals"})
    page.post(at(draft, "schedule"), _options("Taken"))
    make_integration(name="Taken")
    shown = page.post(at(draft, "review"), {"action": "create"}).content.decode()
    assert "Another integration has this name already" in shown
    assert at(draft, "schedule") in shown
    assert Draft.everywhere.filter(pk=draft.pk).exists()
    assert not Credential.everywhere.exists()


def test_a_connector_that_asks_for_nothing_is_scheduled_at_once(page: Client) -> None:
    row = fake_connector("plain")
    Connector.objects.filter(pk=row.pk).update(schema={"credential": {}, "config": {}})
    draft, url = begin(page, "plain")
    assert url == at(draft, "schedule")
    assert "Options" not in re.findall(r'<ol class="rail">.*?</ol>', page.get(url).content.decode(), re.DOTALL)[0]


def test_a_draft_is_given_up_and_old_ones_are_forgotten(page: Client, crm: Connector, acme: Tenant) -> None:
    draft, _ = begin(page)
    assert "You have begun already" in page.get("/connectors/crm/set-up").content.decode()
    page.post(f"/drafts/{draft.pk}/give-up")
    assert not Draft.everywhere.exists()
    draft, _ = begin(page)
    Draft.everywhere.update(updated_at="2026-01-01T00:00:00Z")
    drafts.forget_old()
    assert not Draft.everywhere.exists()


def test_a_viewer_and_a_stranger_set_up_nothing(page: Client, crm: Connector, bob: User, charlie: User) -> None:
    draft, url = begin(page)
    for user, status in ((bob, 403), (charlie, 404)):
        client = Client()
        client.force_login(user)
        assert client.get(url).status_code == status
        assert client.post(f"/drafts/{draft.pk}/give-up").status_code == status


def test_the_stages_of_a_test_come_piece_by_piece(page: Client, crm: Connector) -> None:
    Connector.objects.filter(pk=crm.pk).update(test={"url": "/credential/url"})
    draft, url = begin(page)
    fill(page, url, {"account_name": "S", "credential/key": SECRET, "credential/url": "http://127.0.0.1:9"})
    answer = page.post(at(draft, "test"), {"action": "test"}, headers={"X-Pieces": "1"})
    pieces = b"".join(answer.streaming_content).split(b"\0")
    assert b"Find the host" in pieces[0]
    assert b"is-bad" in pieces[-2]


def test_steps_know_their_order() -> None:
    assert [step.value for step in Step] == ["account", "secrets", "options", "test", "schedule", "review"]


def _options(name: str) -> dict[str, str]:
    fixed = {"overlap": "skip", "write_mode": "replace", "timeout_seconds": "60", "max_attempts": "2"}
    return {"name": name, **fixed}


def _tenant() -> object:
    return Tenant.objects.get(slug="acme").pk
