from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from connectors.models import Connector
from integrations.models import (
    Authorisation,
    Credential,
    Dataset,
    Deployment,
    Draft,
    Grant,
    Integration,
    Run,
    VaultCanary,
)
from integrations.services import marketplace
from integrations.services.integrations import NewCredential
from integrations.services.oauth2 import clients
from integrations.testing import KEY, fake_connector, follow
from tenants.models import Member, Tenant, User
from tenants.scope import scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MODELS = list(apps.get_app_config("integrations").get_models())


@pytest.fixture
def staff(db: None) -> Client:
    """A platform's administrator, who belongs to no tenant."""
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.com", "irrelevant"))
    return client


@pytest.fixture
def everything(make_run: Callable[..., Run], acme: Tenant, staff: Client) -> None:
    connector = fake_connector("keyed", credential=KEY)
    credential = NewCredential("Key", {"key": "planted-secret"})
    run = follow(make_run({"rows": [{"a": 1}]}, connector=connector, credential=credential))
    dataset = Dataset.everywhere.get(integration=run.integration)
    follow(make_run({"reads": str(dataset.pk), "rows": []}))
    credential_row = Credential.everywhere.get()
    declared = {"grant": "client_credentials", "token_url": {"value": "https://auth.example.com/token"}}
    signing_in = fake_connector("signing_in", oauth2=declared)
    clients.create(tenant_id=acme.pk, connector=signing_in, client_id="own", client_secret="planted-client", by=None)
    Grant.everywhere.create(tenant=acme, credential=credential_row, kind="x", tokens={"access_token": "planted-token"})
    Authorisation.everywhere.create(
        tenant=acme,
        credential=credential_row,
        user=User.objects.get(),
        verifier="planted-verifier",
        sha256="planted-state",
        expires_at=timezone.now(),
    )
    begun = {"user": User.objects.get(), "connector": connector, "data": {"key": "planted-draft"}}
    Draft.everywhere.create(tenant=acme, **begun)
    Deployment.everywhere.create(
        tenant=acme, connector=connector, connector_version="1", engine="fake", key="k", hook_token="planted-hook"
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_every_model_is_registered(model: Any) -> None:
    assert admin.site.is_registered(model)


@pytest.mark.parametrize("model", [m for m in MODELS if m is not VaultCanary], ids=lambda model: model.__name__)
@pytest.mark.usefixtures("everything")
def test_rows_of_all_tenants_are_seen_and_neither_changed_nor_read_out(staff: Client, model: Any) -> None:
    row = model.everywhere.first()
    name = f"admin:integrations_{model._meta.model_name}"

    pages = [staff.get(reverse(f"{name}_changelist")), staff.get(reverse(f"{name}_change", args=[row.pk]))]

    assert [page.status_code for page in pages] == [200, 200]
    assert not any(b"planted" in page.content or b"1:test:" in page.content for page in pages)
    refused = [staff.get(reverse(f"{name}_add")), staff.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"})]
    assert [page.status_code for page in refused] == [403, 403]


def test_a_list_of_runs_costs_the_same_however_long_it_is(staff: Client, make_run: Callable[..., Run]) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert staff.get(reverse("admin:integrations_run_changelist")).status_code == 200
        return len(queries)

    make_run()
    before = cost()
    for _ in range(10):
        make_run()

    assert cost() == before


def test_the_list_counts_the_integrations_of_each(staff: Client, make_integration: Callable[..., Integration]) -> None:
    used = make_integration().connector
    make_integration(connector=used)
    gone = make_integration(connector=used)
    Integration.everywhere.filter(pk=gone.pk).update(deleted_at=timezone.now())
    [row] = staff.get("/admin/connectors/connector/").context["cl"].result_list
    assert row.uses == 2


def test_featured_ones_come_first_in_their_order(staff: Client, alice: User) -> None:
    for name, position in (("Alpha", None), ("Beta", 2), ("Gamma", 1)):
        values = {"is_featured": position is not None, "position": position or 0, "status": "published"}
        Connector.objects.create(slug=name.lower(), name=name, type="n8n", **values)
    listed = [row.name for row in staff.get("/admin/connectors/connector/").context["cl"].result_list]
    tenant = Member.everywhere.get(user=alice).tenant_id
    with scope(tenant):
        shown = [card.connector.name for card in marketplace.shelf(tenant, marketplace.Wish()).cards]
    assert listed == shown == ["Gamma", "Beta", "Alpha"]
