from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from connectors.models import Connector
from connectors.tests.browser import Page as Form
from integrations.domain import EngineError
from integrations.engines.fake import FakeEngine
from integrations.models import Credential, Draft, Integration
from integrations.services import choices
from integrations.services.errors import Refused
from integrations.testing import KEY, fake_connector
from tenants.models import Tenant
from tenants.roles import Role
from tenants.scope import scope
from tenants.testing import join

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
SECRET = "s3cret-and-long"


def schema(**source: Any) -> dict[str, Any]:
    table = {"type": "string", "title": "Table", "x-options": {"values": ["orders", "people"], **source}}
    return {"type": "object", "properties": {"region": {"type": "string", "title": "Region"}, "table": table}}


@pytest.fixture
def page(acme: Tenant) -> Client:
    client = Client()
    client.force_login(join(acme, "erin", Role.EDITOR))
    return client


@pytest.fixture
def offer() -> Callable[..., Connector]:
    def offer(credential: Any = None, **source: Any) -> Connector:
        row = fake_connector("crm", credential=credential)
        Connector.objects.filter(pk=row.pk).update(schema={"credential": credential or {}, "config": schema(**source)})
        return Connector.objects.get(pk=row.pk)

    return offer


def begun(page: Client) -> str:
    page.post("/connectors/crm/set-up")
    return f"/drafts/{Draft.everywhere.get().pk}/options"


def form_of(shown: str) -> Form:
    return Form(str(BeautifulSoup(shown, "html.parser").find("form", id="step") or shown))


def load(page: Client, url: str, **typed: str) -> str:
    """Press the button as a browser without a script does."""
    form = form_of(page.get(url).content.decode())
    for name, text in typed.items():
        form.type(f"config/{name}", text)
    return page.post(url, form.send("options:config/table")).content.decode()


def test_a_field_is_typed_until_its_choices_are_loaded_and_then_chosen(
    page: Client, offer: Callable[..., Connector]
) -> None:
    offer(of="region")
    url = begun(page)
    assert form_of(page.get(url).content.decode()).control("config/table").name == "input"

    form = form_of(load(page, url, region="eu-"))
    assert [option.get_text() for option in form.control("config/table").find_all("option")][1:] == ["Orders", "People"]
    answer = page.post(url, form.choose("config/table", "eu-people").send())

    assert answer.status_code == 302
    assert form_of(page.get(url).content.decode()).typed("config/table") == "eu-people"
    assert Draft.everywhere.get().data["config"] == {"region": "eu-", "table": "eu-people"}


def test_choices_can_be_typed_again(page: Client, offer: Callable[..., Connector]) -> None:
    offer()
    url = begun(page)
    form = form_of(load(page, url)).choose("config/table", "orders")
    shown = form_of(page.post(url, form.send("typed:config/table")).content.decode())
    assert shown.control("config/table").name == "input"
    assert shown.typed("config/table") == "orders"


def test_a_source_that_refuses_is_told_in_words_and_the_value_typed(
    page: Client, offer: Callable[..., Connector]
) -> None:
    offer(refuse="The service has no such list.")
    url = begun(page)
    form = form_of(load(page, url, table="typed"))
    assert "The service has no such list." in form.soup.find(role="status", class_="hub-notice").text
    assert form.typed("config/table") == "typed"
    assert page.post(url, form.send()).status_code == 302


def test_a_source_that_takes_too_long_is_waited_for_no_longer(
    offer: Callable[..., Connector], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choices, "LONGEST_SECONDS", 0.05)
    monkeypatch.setattr(choices, "SPARE_SECONDS", 0.05)
    monkeypatch.setattr(FakeEngine, "choices", lambda *_: time.sleep(1))
    began = time.monotonic()
    with pytest.raises(Refused, match="No choices came"):
        choices.load(connector=offer(), credential=None, config={}, source="{}")
    assert time.monotonic() - began < 0.9


def test_what_an_engine_says_of_a_failure_holds_no_secret(
    acme: Tenant, offer: Callable[..., Connector], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: FakeEngine, plan: Any, *_: Any) -> Any:
        raise EngineError(f"{plan.credential['key']} is wrong", retryable=False)

    monkeypatch.setattr(FakeEngine, "choices", refuse)
    credential = Credential(tenant_id=acme.pk, connector=offer(KEY), name="C", data={"key": SECRET})
    with scope(acme.pk), pytest.raises(Refused, match="is wrong") as refused:
        choices.load(connector=credential.connector, credential=credential, config={}, source="{}")
    assert SECRET not in refused.value.detail


def test_an_engine_without_choices_and_one_that_breaks_are_notices_too(
    offer: Callable[..., Connector], monkeypatch: pytest.MonkeyPatch
) -> None:
    connector = offer()
    monkeypatch.setattr(FakeEngine, "choices", lambda *_: {}["nothing"])
    with pytest.raises(Refused, match="make sense"):
        choices.load(connector=connector, credential=None, config={}, source="{}")
    monkeypatch.setattr("integrations.services.choices.registry.get", lambda name: object())
    with pytest.raises(Refused, match="no choices to load"):
        choices.load(connector=connector, credential=None, config={}, source="{}")


def test_no_more_are_shown_than_a_list_can_bear(offer: Callable[..., Connector]) -> None:
    many = json.dumps({"values": [f"v{n}" for n in range(choices.MOST + 1)]})
    assert len(choices.load(connector=offer(), credential=None, config={}, source=many)) == choices.MOST


def test_settings_load_choices_with_the_account_of_the_integration(
    page: Client, offer: Callable[..., Connector], make_integration: Callable[..., Integration]
) -> None:
    made = make_integration({"region": "us-"}, connector=offer(of="region"))
    url = f"/integrations/{made.pk}/settings"
    form = Form(str(BeautifulSoup(page.get(url).content.decode(), "html.parser").find("form", class_="settings")))
    shown = page.post(url, form.send("options:config/table")).content.decode()
    form = Form(str(BeautifulSoup(shown, "html.parser").find("form", class_="settings")))
    assert page.post(url, form.choose("config/table", "us-orders").send()).status_code == 302
    made.refresh_from_db()
    assert made.config == {"region": "us-", "table": "us-orders"}
    assert not Draft.everywhere.exists()


def test_a_list_of_values_is_ticked_when_its_choices_are_loaded(page: Client, offer: Callable[..., Connector]) -> None:
    row = offer()
    tables = {"type": "array", "title": "Tables", "items": {"type": "string", "x-options": {"values": ["a", "b"]}}}
    config = {"type": "object", "properties": {"table": tables}}
    Connector.objects.filter(pk=row.pk).update(schema={"credential": {}, "config": config})
    url = begun(page)
    form = form_of(load(page, url)).tick("config/table", "b")
    page.post(url, form.send())
    assert Draft.everywhere.get().data["config"] == {"table": ["b"]}
