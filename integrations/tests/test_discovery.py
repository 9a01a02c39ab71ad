from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from connectors.discovery.store import Store
from connectors.models import Connector
from integrations import tasks
from integrations.domain import Trigger
from integrations.engines import registry
from integrations.services import discovery, jobs, requests
from integrations.testing import fake_connector

pytestmark = pytest.mark.django_db


@pytest.fixture
def away(settings: LazySettings, tmp_path) -> None:
    settings.N8N_URL, settings.N8N_API_KEY = "http://127.0.0.1:9", "key"
    settings.N8N_EMAIL, settings.N8N_PASSWORD, settings.VAR_DIR = "hub@example.com", "secret", tmp_path


def test_a_discovery_without_n8n_says_so_and_hides_nothing(away: None) -> None:
    Connector.objects.create(slug="n8n_boat", name="Boat", type="n8n", source="node", status="published")

    with pytest.raises(CommandError, match="does not answer"):
        call_command("discover_n8n")
    tasks.discover()

    assert Connector.objects.get().status == "published"


def test_a_hub_without_an_account_in_n8n_says_what_to_set(away: None, settings: LazySettings, monkeypatch) -> None:
    settings.N8N_EMAIL = ""
    monkeypatch.setattr("integrations.services.discovery.Client.version", lambda _: "1.0")

    with pytest.raises(CommandError, match="N8N_EMAIL"):
        call_command("discover_n8n")


def test_a_second_discovery_at_once_is_put_off(away: None, settings: LazySettings) -> None:
    with Store(settings.VAR_DIR / "n8n-types").alone():
        with pytest.raises(CommandError, match="under way"):
            call_command("discover_n8n")
        tasks.discover()


def test_a_secret_among_a_nodes_settings_is_masked_as_those_of_a_credential(make_integration) -> None:
    password = {"type": "string", "writeOnly": True}
    schema = {"credential": {}, "config": {"type": "object", "properties": {"password": password}}}
    connector = fake_connector("n8n_users", schema=schema, source="node")
    run, _ = requests.request(
        integration=make_integration({"password": "new-and-secret"}, connector=connector), trigger=Trigger.API
    )

    prepared = jobs.prepare(run, registry.get("fake"))

    assert prepared.mask.text("refused: new-and-secret") == "refused: •••"


def test_an_administrator_allows_a_refused_node_by_its_name(settings: LazySettings) -> None:
    assert "ssh" in discovery.refused()
    settings.N8N_NODES_ALLOW = ["ssh"]
    assert "ssh" not in discovery.refused()
    assert "code" in discovery.refused()
