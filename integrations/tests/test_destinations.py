from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from integrations.domain import Trigger
from integrations.models import Integration
from integrations.services import credentials, integrations, outbound, requests
from integrations.services.errors import Invalid
from integrations.services.outbound import addresses
from integrations.testing import KEY, fake_connector, follow
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
CONFIG = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "format": "uri"},
        "page": {"type": "string", "format": "url"},
        "hosts": {"type": "array", "items": {"type": "string", "format": "hostname"}},
    },
}
INNER = "http://169.254.169.254/latest/meta-data/"


@pytest.fixture
def reader() -> Any:
    return fake_connector("reader", schema={"credential": KEY, "config": CONFIG})


@pytest.fixture(autouse=True)
def nothing_allowed(settings: LazySettings) -> None:
    settings.OUTBOUND_ALLOW = ()


def test_an_inner_address_is_not_saved(acme: Tenant, reader: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        credentials.create(
            tenant_id=acme.pk, connector=reader, name="Key", data={"url": INNER, "key": "planted"}, by=None
        )

    [error] = refusal.value.errors
    assert (error.pointer, error.code) == ("/data/url", "address_not_allowed")


@pytest.mark.parametrize(
    "written",
    ["10.0.0.5", "localhost:5432", "mongodb://127.0.0.1/shop", "localhost/orcl", "good.example:9092,127.0.0.1:9092"],
)
def test_what_is_marked_as_an_address_is_judged_however_it_is_written(acme: Tenant, written: str) -> None:
    where = {"type": "string", "x-address": True}
    store = fake_connector(
        "store", schema={"credential": {"type": "object", "properties": {"at": where}}, "config": {}}
    )

    with pytest.raises(Invalid) as refusal:
        credentials.create(tenant_id=acme.pk, connector=store, name="Store", data={"at": written}, by=None)

    assert {(error.pointer, error.code) for error in refusal.value.errors} == {("/data/at", "address_not_allowed")}


def test_every_address_of_the_settings_is_judged(acme: Tenant, reader: Any) -> None:
    credential = credentials.create(tenant_id=acme.pk, connector=reader, name="Key", data={"key": "k"}, by=None)

    with pytest.raises(Invalid) as refusal:
        integrations.create(
            tenant_id=acme.pk,
            by=None,
            connector=reader,
            name="Reader",
            config={"url": INNER, "page": INNER, "hosts": ["good.example", "localhost"]},
            credential=credential,
        )

    assert {error.pointer for error in refusal.value.errors} == {"/config/url", "/config/page", "/config/hosts/1"}


def test_a_run_is_not_started_with_an_address_that_leads_inside_now(
    make_integration: Callable[..., Integration], reader: Any, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential = credentials.create(
        tenant_id=acme.pk, connector=reader, name="Key", data={"url": "https://moves.example", "key": "k"}, by=None
    )
    made = make_integration({}, connector=reader, credential=credential)
    inner = (0, 0, 0, "", ("10.0.0.1", 0))
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *args, **how: [inner])

    run = follow(requests.request(integration=made, trigger=Trigger.API)[0])

    assert (run.state, run.failure["code"], run.failure["origin"]) == ("failed", "address_not_allowed", "settings")
    assert "HUB_OUTBOUND_ALLOW" in run.failure["fix"]
    assert run.handle is None


def test_an_admin_may_allow_a_network_for_runs(
    make_integration: Callable[..., Integration], reader: Any, acme: Tenant, settings: LazySettings
) -> None:
    settings.OUTBOUND_ALLOW = (ip_network("10.0.0.0/8"),)
    credential = credentials.create(
        tenant_id=acme.pk, connector=reader, name="Key", data={"url": "http://10.0.0.1", "key": "k"}, by=None
    )
    made = make_integration({}, connector=reader, credential=credential)
    assert follow(requests.request(integration=made, trigger=Trigger.API)[0]).state == "succeeded"

    settings.OUTBOUND_ALLOW = ()

    assert follow(requests.request(integration=made, trigger=Trigger.API)[0]).state == "failed"
    assert outbound.problem("http://10.0.0.1") is not None
