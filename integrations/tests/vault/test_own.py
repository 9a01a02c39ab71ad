from __future__ import annotations

import base64
from typing import Any

import pytest
from django.core.management import call_command

from integrations.models import VaultCanary
from integrations.vault import Unreadable, canary, own

ONE, TWO = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
AT = ("a_table", "a_column")


@pytest.fixture(autouse=True)
def ring(settings: Any, transactional_db: None) -> Any:
    settings.KEYS = f"k1={ONE}"
    own.forget()
    return settings


def test_what_belongs_to_no_tenant_opens_where_it_was_sealed_and_nowhere_else() -> None:
    sealed = own.seal("läßt", *AT)
    assert "läßt" not in sealed
    assert own.opened(sealed, *AT) == "läßt"
    with pytest.raises(Unreadable):
        own.opened(sealed, "a_table", "another_column")


def test_a_new_key_of_the_ring_wraps_the_hub_s_own_key_too(ring: Any) -> None:
    sealed = own.seal("secret", *AT)
    ring.KEYS = f"k2={TWO},k1={ONE}"
    call_command("rotate_keys")
    ring.KEYS = f"k2={TWO}"
    own.forget()
    canary.check()
    assert own.opened(sealed, *AT) == "secret"


def test_a_ring_without_the_key_opens_nothing(ring: Any) -> None:
    sealed = own.seal("secret", *AT)
    own.forget()
    ring.KEYS = f"k2={TWO}"
    with pytest.raises(Unreadable, match="no key 'k1'"):
        own.opened(sealed, *AT)


def test_the_hub_has_one_key_of_its_own() -> None:
    sealed = [own.seal("secret", *AT) for _ in range(3)]
    kept = VaultCanary.objects.get().own_key
    own.forget()
    assert [own.opened(each, *AT) for each in sealed] == ["secret"] * 3
    assert VaultCanary.objects.get().own_key == kept
