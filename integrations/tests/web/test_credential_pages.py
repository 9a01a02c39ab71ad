from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connectors.models import Connector
from connectors.tests.browser import Page as Form
from integrations.models import Credential, Draft, Integration
from integrations.services import credentials
from integrations.testing import KEY, fake_connector
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import scope
from tenants.testing import join

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
SECRET = "planted-secret-and-long"
HIDDEN = {"type": "string", "writeOnly": True}
EVIL = "<script>alert('x')</script>"


@pytest.fixture
def connector(db: None) -> Connector:
    return fake_connector("crm", name="CRM", credential=KEY)


@pytest.fixture
def make(acme: Tenant, connector: Connector) -> Callable[..., Credential]:
    def make(name: str = "Sales", **data: Any) -> Credential:
        values = data or {"url": "https://one.example", "key": SECRET}
        with scope(acme.pk):
            return credentials.create(tenant_id=acme.pk, connector=connector, name=name, data=values, by=None)

    return make


@pytest.fixture
def editor(acme: Tenant) -> Client:
    client = Client()
    client.force_login(join(acme, "erin", Role.EDITOR))
    return client


@pytest.fixture
def inside(acme: Tenant) -> Iterator[None]:
    with scope(acme.pk):
        yield


def filled(page: Client, url: str, typed: dict[str, str]) -> Any:
    """What a browser without scripts would send of the page's form, with this typed into it."""
    soup = BeautifulSoup(page.get(url).content.decode(), "html.parser")
    form = Form(str(soup.find("form", class_="settings")))
    for name, text in typed.items():
        form.type(name, text)
    return form.send()


def again(shown: str, typed: dict[str, str] | None = None) -> Any:
    """What a browser would send of the form that is shown again, with this typed into it."""
    form = Form(form_in(shown))
    for name, text in (typed or {}).items():
        form.type(name, text)
    return form.send()


def form_in(shown: str) -> str:
    return str(BeautifulSoup(shown, "html.parser").find("form", class_="settings"))


def stored(credential: Credential) -> Any:
    return Credential.everywhere.get(pk=credential.pk).data


def test_the_list_says_how_each_stands_and_holds_no_secret(viewer: Client, make: Callable[..., Credential]) -> None:
    make(EVIL)
    shown = viewer.get("/credentials/").content.decode()
    assert "Not tried yet" in shown
    assert "&lt;script&gt;alert(" in shown
    assert EVIL not in shown
    assert SECRET not in shown


def test_searching_finds_by_name_and_connector(viewer: Client, make: Callable[..., Credential]) -> None:
    make("Möbel")
    make("Sales")
    assert "Sales" not in viewer.get("/credentials/?q=möbel").content.decode()
    assert "Sales" in viewer.get("/credentials/?q=crm").content.decode()
    assert "No credential is called like that" in viewer.get("/credentials/?q=nothing").content.decode()


def test_htmx_is_given_the_list_alone(viewer: Client, make: Callable[..., Credential]) -> None:
    make()
    answer = viewer.get("/credentials/?q=sa", headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<section id="credentials"')
    assert "HX-Request" in answer.headers["Vary"]


def test_many_credentials_cost_as_many_queries_as_one(viewer: Client, make: Callable[..., Credential]) -> None:
    make()
    viewer.get("/credentials/")
    with CaptureQueriesContext(connection) as one:
        viewer.get("/credentials/")
    for number in range(30):
        make(f"Account {number}")
    with CaptureQueriesContext(connection) as many:
        shown = viewer.get("/credentials/")
    assert shown.content.decode().count("<tr>") == 32
    assert len(many) == len(one)


def test_the_pages_of_a_long_list_go_on_by_name(viewer: Client, make: Callable[..., Credential]) -> None:
    for number in range(60):
        make(f"Account {number:02}")
    first = BeautifulSoup(viewer.get("/credentials/").content.decode(), "html.parser")
    assert "Account 49" in first.text
    assert "Account 50" not in first.text
    assert "Account 50" in viewer.get(first.find("a", rel="next")["href"]).content.decode()


def test_a_page_tells_what_a_credential_holds_and_who_uses_it(
    viewer: Client, make: Callable[..., Credential], make_integration: Callable[..., Integration]
) -> None:
    made = make()
    user = make_integration(connector=made.connector, credential=made, name="Contacts")
    shown = viewer.get(f"/credentials/{made.pk}").content.decode()
    assert "https://one.example" in shown
    assert "entered, sealed" in shown
    assert f"/integrations/{user.pk}" in shown
    assert SECRET not in shown
    assert "/edit" not in shown


def test_renaming_keeps_the_secret(editor: Client, make: Callable[..., Credential], inside: None) -> None:
    made = make()
    url = f"/credentials/{made.pk}/edit"
    assert SECRET not in editor.get(url).content.decode()
    answer = editor.post(url, filled(editor, url, {"name": "Marketing"}))
    assert answer.headers["Location"] == f"/credentials/{made.pk}"
    assert Credential.everywhere.get().name == "Marketing"
    assert stored(made)["key"] == SECRET


def test_a_secret_is_replaced_by_a_new_one(editor: Client, make: Callable[..., Credential], inside: None) -> None:
    made = make()
    url = f"/credentials/{made.pk}/edit"
    editor.post(url, filled(editor, url, {"credential/key": "another"}))
    assert stored(made) == {"url": "https://one.example", "key": "another"}


def test_a_kept_secret_is_not_sent_to_a_new_address(
    editor: Client, make: Callable[..., Credential], inside: None
) -> None:
    made = make()
    url = f"/credentials/{made.pk}/edit"
    answer = editor.post(url, filled(editor, url, {"credential/url": "https://thief.example"}))
    assert "enter the secrets again" in answer.content.decode()
    assert "https://thief.example" in answer.content.decode()
    assert stored(made)["url"] == "https://one.example"


def test_whoever_saves_second_is_told_and_keeps_what_they_typed(
    editor: Client, make: Callable[..., Credential], inside: None
) -> None:
    made = make()
    url = f"/credentials/{made.pk}/edit"
    late = filled(editor, url, {"name": "Mine", "credential/key": "typed-in-vain"})
    editor.post(url, filled(editor, url, {"name": "Theirs"}))
    shown = editor.post(url, late).content.decode()
    assert "Somebody changed it while you did" in shown
    assert 'value="Mine"' in shown
    assert "typed-in-vain" not in shown
    assert Credential.everywhere.get().name == "Theirs"
    editor.post(url, again(shown))
    assert Credential.everywhere.get().name == "Mine"
    assert stored(made)["key"] == "typed-in-vain"
    assert not Draft.everywhere.exists()


def test_a_name_that_is_taken_is_said_at_the_name(editor: Client, make: Callable[..., Credential]) -> None:
    make("Taken")
    url = f"/credentials/{make('Mine').pk}/edit"
    soup = BeautifulSoup(editor.post(url, filled(editor, url, {"name": "Taken"})).content.decode(), "html.parser")
    assert "has this name already" in soup.find(id="name-error").text
    assert soup.find(id="name")["aria-invalid"] == "true"


def test_a_new_credential_is_made_from_the_connector_s_form(editor: Client, connector: Connector, inside: None) -> None:
    assert "/credentials/new?connector=crm" in editor.get("/credentials/new").content.decode()
    url = "/credentials/new?connector=crm"
    wrong = editor.post(url, filled(editor, url, {"name": "Neu"})).content.decode()
    assert "f-credential.key-errors" in wrong
    answer = editor.post(url, filled(editor, url, {"name": "Neu", "credential/key": SECRET}), follow=True)
    assert "Neu is kept, sealed." in answer.content.decode()
    assert stored(Credential.everywhere.get()) == {"key": SECRET}


def test_a_secret_is_typed_once_although_something_else_was_wrong(
    editor: Client, connector: Connector, inside: None
) -> None:
    url = "/credentials/new?connector=crm"
    shown = editor.post(url, filled(editor, url, {"name": " ", "credential/key": SECRET})).content.decode()
    assert SECRET not in shown
    assert "Entered, kept" in shown
    assert SECRET not in json.dumps(dict(editor.session))
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM integrations_draft")
        assert SECRET not in str(cursor.fetchall())

    editor.post(url, again(shown, {"name": "Neu"}))
    assert stored(Credential.everywhere.get()) == {"key": SECRET}


def test_what_somebody_else_typed_is_nobody_s_to_save(
    editor: Client, admin: Client, connector: Connector, inside: None
) -> None:
    url = "/credentials/new?connector=crm"
    shown = editor.post(url, filled(editor, url, {"name": " ", "credential/key": SECRET})).content.decode()
    taken = admin.post(url, again(shown, {"name": "Mine"})).content.decode()
    assert "f-credential.key-errors" in taken
    assert Draft.everywhere.count() == 2
    assert not Credential.everywhere.exists()


def test_secrets_of_both_kinds_of_account_wait_while_one_looks_at_the_other(
    editor: Client, connector: Connector, make: Callable[..., Credential], inside: None
) -> None:
    kinds = [{"properties": {"by": {"const": by}, by: {**HIDDEN, "title": by}}} for by in ("token", "password")]
    auth = {
        "type": "object",
        "title": "Sign in",
        "oneOf": [{**one, "required": list(one["properties"])} for one in kinds],
    }
    schema = {"credential": {"type": "object", "required": ["auth"], "properties": {"auth": auth}}, "config": {}}
    Connector.objects.filter(pk=connector.pk).update(schema=schema)
    connector.refresh_from_db()
    with_token = {"auth": {"by": "token", "token": SECRET}}
    made = make("Sales", **with_token)
    url = f"/credentials/{made.pk}/edit"
    other = Form(form_in(editor.get(url).content.decode())).choose("credential/auth/by", "password")
    shown = editor.post(url, other.send()).content.decode()
    other = Form(form_in(shown)).type("credential/auth/password", "pass-and-long").type("name", " ")
    shown = editor.post(url, other.send()).content.decode()
    back = Form(form_in(shown)).choose("credential/auth/by", "token").type("name", "Sales")
    shown = editor.post(url, back.send()).content.decode()
    assert SECRET not in shown and "pass-and-long" not in shown

    editor.post(url, again(shown))
    assert stored(made) == with_token


def test_testing_says_once_what_came_of_it(editor: Client, make: Callable[..., Credential]) -> None:
    made = make()
    Connector.objects.update(test={"url": {"config": "nowhere"}})
    url = f"/credentials/{made.pk}"
    assert editor.post(f"{url}/test").headers["Location"] == url
    assert "has no test of its connection" in editor.get(url).content.decode()
    assert "has no test of its connection" not in editor.get(url).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_stages_of_a_test_come_as_they_pass_and_stay_once(editor: Client, make: Callable[..., Credential]) -> None:
    made = make("Sales", url="http://127.0.0.1:9", key=SECRET)
    Connector.objects.update(test={"url": "/credential/url"})
    url = f"/credentials/{made.pk}"
    answer = editor.post(f"{url}/test", headers={"X-Pieces": "1"})
    pieces = b"".join(answer.streaming_content).split(b"\0")
    assert b"Find the host" in pieces[0]
    assert b"is-bad" in pieces[-2]
    assert "Find the host" in editor.get(url).content.decode()
    assert "Find the host" not in editor.get(url).content.decode()


def test_one_in_use_names_its_users_and_stays(
    editor: Client, make: Callable[..., Credential], make_integration: Callable[..., Integration]
) -> None:
    made = make()
    make_integration(connector=made.connector, credential=made, name="Contacts")
    url = f"/credentials/{made.pk}/delete"
    assert "Contacts" in editor.get(url).content.decode()
    assert "It is used by: Contacts." in editor.post(url, follow=True).content.decode()
    assert Credential.everywhere.exists()


def test_an_unused_one_is_deleted_after_a_question(editor: Client, make: Callable[..., Credential]) -> None:
    url = f"/credentials/{make().pk}/delete"
    assert "gone for good" in editor.get(url).content.decode()
    assert editor.post(url).headers["Location"] == "/credentials/"
    assert not Credential.everywhere.exists()


def test_one_that_does_not_open_can_be_entered_again(
    editor: Client, make: Callable[..., Credential], inside: None
) -> None:
    made = make()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_credential SET data = %s", [b"\x01nonsense"])
    assert "Cannot be opened" in editor.get("/credentials/").content.decode()
    assert "key ring" in editor.get(f"/credentials/{made.pk}").content.decode()
    url = f"/credentials/{made.pk}/edit"
    editor.post(url, filled(editor, url, {"credential/key": "anew"}))
    assert stored(made) == {"key": "anew"}
