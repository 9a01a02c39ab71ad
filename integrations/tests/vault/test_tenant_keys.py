import threading
from typing import Any

import pytest
from django.db import connection, transaction

from integrations.models import TenantKey
from integrations.vault import tenant_keys
from tenants.models import Tenant


class Rollback(Exception):
    pass


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def test_threads_that_seal_first_at_once_share_one_key(tenant: Tenant) -> None:
    together, made = threading.Barrier(4), []

    def seal() -> None:
        try:
            together.wait(60)
            made.append(tenant_keys.sealing(str(tenant.pk)))
        finally:
            connection.close()

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)

    assert len(made) == 4
    assert len({key_id for key_id, _ in made}) == 1
    assert TenantKey.everywhere.filter(tenant=tenant).count() == 1


def test_a_key_whose_transaction_was_rolled_back_seals_nothing_afterwards(tenant: Tenant) -> None:
    with pytest.raises(Rollback), transaction.atomic():
        lost, _ = tenant_keys.sealing(str(tenant.pk))
        raise Rollback

    kept, _ = tenant_keys.sealing(str(tenant.pk))

    assert kept != lost
    assert TenantKey.everywhere.get(tenant=tenant).pk.hex == kept.replace("-", "")


def test_a_known_key_opens_without_a_query_and_seals_with_one(tenant: Tenant, django_assert_num_queries: Any) -> None:
    key_id, _ = tenant_keys.sealing(str(tenant.pk))

    with django_assert_num_queries(0):
        tenant_keys.opening(str(tenant.pk), key_id)
    with django_assert_num_queries(1):
        tenant_keys.sealing(str(tenant.pk))


def test_a_key_of_a_lost_transaction_opens_nothing_after_it(tenant: Tenant) -> None:
    with pytest.raises(Rollback), transaction.atomic():
        tenant_keys.sealing(str(tenant.pk))
        raise Rollback

    assert not TenantKey.everywhere.exists()
    key_id, keys = tenant_keys.sealing(str(tenant.pk))
    tenant_keys.forget()
    assert tenant_keys.opening(str(tenant.pk), key_id) == keys
