from collections.abc import Iterator
from typing import Any

import pytest

from integrations.external import hashicorp, references
from integrations.external.references import Unresolved
from integrations.tests.external.vault_server import TOKEN, VaultServer

HERE = "vault://secret/shop/db#password"


@pytest.fixture
def server(settings: Any) -> Iterator[VaultServer]:
    server = VaultServer()
    server.secrets["secret/shop/db"] = {"password": "planted", "port": 5432, "no": None}
    settings.VAULT_ADDR, settings.VAULT_TOKEN = server.url, TOKEN
    hashicorp._kept.clear()
    yield server
    server.shutdown()
    server.server_close()


def refused(text: str = HERE) -> Unresolved:
    with pytest.raises(Unresolved) as caught:
        references.read(text, "acme")
    assert "planted" not in str(caught.value)
    return caught.value


def test_a_value_is_read_by_its_key(server: VaultServer, settings: Any) -> None:
    settings.VAULT_NAMESPACE = "team"

    assert references.read(HERE, "acme") == "planted"
    assert references.read("vault://secret/shop/db#port", "acme") == "5432"
    assert server.asked[0] == ("/v1/secret/data/shop/db", "team")


def test_every_run_asks_anew_and_a_run_under_way_does_not(server: VaultServer) -> None:
    references.read(HERE, "acme")
    server.secrets["secret/shop/db"] = {"password": "second"}

    assert references.read(HERE, "acme", max_age_seconds=300) == "planted"
    assert references.read(HERE, "acme") == "second"
    assert references.read(HERE, "acme", max_age_seconds=300) == "second"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vault://secret/shop/none#password", "no such secret"),
        ("vault://secret/shop/db#none", "no text at that key"),
        ("vault://secret/shop/db#no", "no text at that key"),
        ("vault://secret/shop/gone#password", "no such secret"),
    ],
)
def test_what_is_not_there_is_said(server: VaultServer, text: str, words: str) -> None:
    server.secrets["secret/shop/gone"] = "deleted"

    error = refused(text)

    assert words in str(error)
    assert not error.retryable


def test_a_refused_token_is_said_and_not_shown(server: VaultServer, settings: Any) -> None:
    settings.VAULT_TOKEN = "planted-other"

    assert "refuses the hub's token" in str(refused())


def test_what_may_pass_is_tried_again(server: VaultServer, settings: Any) -> None:
    server.sealed = True
    assert "sealed" in str(refused()) and refused().retryable

    server.shutdown()
    server.server_close()
    error = refused()
    assert error.retryable
    assert error.failure.origin == "network"


@pytest.mark.parametrize(
    "raw",
    [
        (200, "text/html", "<html>planted</html>"),
        (200, "application/json", '{"data": {"password": "planted"}}'),
        (200, "application/json", "[1]"),
        (200, "application/json", '{"data": {"data": ["planted"]}}'),
        (307, "text/plain", "planted"),
        (500, "application/json", '{"errors": ["planted"]}'),
        (429, "text/plain", "planted"),
    ],
)
def test_odd_answers_are_no_secrets(server: VaultServer, raw: tuple[int, str, str]) -> None:
    server.raw = raw

    assert refused().failure.code == "secret_unresolved"


@pytest.mark.parametrize(
    "text",
    ["vault://secret#key", "vault://secret/shop/db", "vault://secret/../sys/mounts#key", "vault://secret//db#key",
     "vault://secret/db/#key", "vault://secret/db?version=1#key", "vault://secret/%2e%2e/db#key", "vault:///db#key",
     "vault://secret/.#key"],
)  # fmt: skip
def test_only_plain_paths_can_be_named(server: VaultServer, text: str) -> None:
    assert "vault://mount/path#key" in references.problem(text, "acme")
    refused(text)
    assert server.asked == []


def test_without_address_and_token_it_is_switched_off(settings: Any) -> None:
    settings.VAULT_ADDR, settings.VAULT_TOKEN = "http://127.0.0.1:1", ""

    assert "VAULT_TOKEN" in references.problem(HERE, "acme")


def test_each_tenant_may_have_paths_of_its_own(server: VaultServer, settings: Any) -> None:
    settings.SECRETS_VAULT_PREFIX = "secret/{tenant}"

    assert references.problem("vault://secret/shop/db#password", "shop") == ""
    assert references.problem("vault://secret/shop2/db#password", "shop")
    assert references.problem("vault://secret/shop#password", "shop")
