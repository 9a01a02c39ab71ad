from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations.external import references
from integrations.external.references import Unresolved


def test_a_variable_with_the_prefix_is_read(monkeypatch: Any) -> None:
    monkeypatch.setenv("HUB_SECRET_STRIPE", "planted")

    assert references.problem("env://HUB_SECRET_STRIPE", "acme") == ""
    assert references.read("env://HUB_SECRET_STRIPE", "acme") == "planted"


@pytest.mark.parametrize(
    "text",
    ["env://SECRET_KEY", "env://HUB_KEYS", "env://DATABASE_URL", "env://N8N_API_KEY", "env://PATH", "env://HUB_SECRET_",
     "env://hub_secret_x", "env://", "env://HUB_SECRET_X#key", "env:///HUB_SECRET_X", "env://HUB_SECRET_X\n",
     "env://HUB_SECRET_X=1", "env://HUB_SECRETS_DIR", "env://VAULT_TOKEN"],
)  # fmt: skip
def test_the_hubs_own_environment_is_nobodys_secret(text: str, monkeypatch: Any) -> None:
    monkeypatch.setenv("DATABASE_URL", "planted")

    assert references.problem(text, "acme")
    with pytest.raises(Unresolved) as caught:
        references.read(text, "acme")
    assert "planted" not in str(caught.value)
    assert not caught.value.retryable


def test_an_empty_prefix_switches_it_off(settings: Any) -> None:
    settings.SECRETS_ENV_PREFIX = ""

    assert "HUB_SECRETS_ENV_PREFIX" in references.problem("env://HOME", "acme")


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_missing_or_empty_is_said_by_name(value: str | None, monkeypatch: Any) -> None:
    monkeypatch.delenv("HUB_SECRET_X", raising=False)
    if value is not None:
        monkeypatch.setenv("HUB_SECRET_X", value)

    with pytest.raises(Unresolved, match="env://HUB_SECRET_X leads"):
        references.read("env://HUB_SECRET_X", "acme")


def test_each_tenant_may_have_variables_of_its_own(settings: Any) -> None:
    settings.SECRETS_ENV_PREFIX = "HUB_SECRET_{tenant}__"

    assert references.problem("env://HUB_SECRET_ACME_SHOP__KEY", "acme-shop") == ""
    assert references.problem("env://HUB_SECRET_ACME_SHOP__KEY", "acme")
    assert references.problem("env://HUB_SECRET_ACME__KEY", "acme-shop")


@pytest.mark.parametrize("slug", ["acme_shop", "acme__x", "ACME", "acme--x", "-acme", "acme-"])
def test_no_two_tenants_share_a_prefix(slug: str, settings: Any) -> None:
    settings.SECRETS_ENV_PREFIX = "HUB_SECRET_{tenant}__"

    assert "short name" in references.problem("env://HUB_SECRET_ACME__KEY", slug)


def test_a_prefix_that_could_begin_another_tenants_is_refused(settings: Any) -> None:
    settings.SECRETS_ENV_PREFIX = "HUB_SECRET_{tenant}_"

    with pytest.raises(ImproperlyConfigured, match="__"):
        references.problem("env://HUB_SECRET_ACME_KEY", "acme")
