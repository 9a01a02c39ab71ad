import base64
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from integrations.models import VaultCanary
from integrations.vault import canary, tenant_keys
from tenants.models import Tenant

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@pytest.fixture(autouse=True)
def ring(settings: Any, db: None) -> Any:
    settings.KEYS = f"k1={ONE}"
    tenant_keys.forget()
    yield settings
    tenant_keys.forget()


def test_the_first_check_makes_the_canary_and_later_ones_keep_it() -> None:
    canary.check()
    made = VaultCanary.objects.get().sealed
    canary.check()

    assert VaultCanary.objects.get().sealed == made
    assert made.startswith("1:k1:")


def test_a_ring_that_grew_is_fine(ring: Any) -> None:
    canary.check()
    ring.KEYS = f"k2={TWO},k1={ONE}"

    canary.check()


def test_a_ring_without_the_key_is_refused_and_the_key_named(ring: Any) -> None:
    canary.check()
    ring.KEYS = f"k2={TWO}"

    with pytest.raises(ImproperlyConfigured, match="'k1'") as caught:
        canary.check()

    assert TWO not in str(caught.value)


def test_another_key_under_the_same_id_is_refused(ring: Any) -> None:
    canary.check()
    ring.KEYS = f"k1={TWO}"

    with pytest.raises(ImproperlyConfigured, match="not the one"):
        canary.check()


def test_a_key_that_wraps_a_tenants_key_may_not_go_missing_either(ring: Any, acme: Tenant) -> None:
    canary.check()
    ring.KEYS = f"k2={TWO},k1={ONE}"
    tenant_keys.sealing(str(acme.pk))
    ring.KEYS = f"k1={ONE}"

    with pytest.raises(ImproperlyConfigured, match="'k2'"):
        canary.check()
