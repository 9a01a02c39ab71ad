from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from connectors.models import Connector
from connectors.schemas import FieldError
from integrations.domain import Trigger
from integrations.models import Credential, Integration, Run
from integrations.services import credentials, integrations, requests, usage
from integrations.services.errors import Invalid, Refused
from integrations.testing import KEY, fake_connector, follow
from tenants.models import AuditEvent, Tenant, User
from tenants.scope import platform

OAUTH = {
    "type": "object",
    "properties": {
        "auth": {
            "type": "object",
            "oneOf": [
                {
                    "properties": {"type": {"const": "oauth"}, "token_url": {"type": "string", "format": "uri"},
                                   "secret": {"type": "string", "writeOnly": True}},
                    "required": ["type", "token_url", "secret"],
                },
                {"properties": {"type": {"const": "none"}}, "required": ["type"]},
            ],
        },
        "mirrors": {"type": "array", "items": {"type": "string", "format": "uri"}},
        "note": {"type": "string"},
    },
}  # fmt: skip


@pytest.fixture
def connector(db: None) -> Connector:
    return fake_connector("keyed", credential=KEY)


def make(acme: Tenant, connector: Connector, alice: User | None = None, **data: Any) -> Credential:
    values = data or {"url": "https://one.example", "key": "planted-secret"}
    return credentials.create(tenant_id=acme.pk, connector=connector, name="Mine", data=values, by=alice)


def refused(error: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(found.pointer, found.code) for found in error.value.errors]


def test_a_credential_is_kept_and_shown_without_its_secret(acme: Tenant, connector: Connector, alice: User) -> None:
    made = make(acme, connector, alice)

    fields, status = credentials.public(Credential.everywhere.get(pk=made.pk))

    assert fields == {"url": "https://one.example", "key": {"set": True}}
    assert (status, made.revision) == ("unverified", 1)


def test_the_audit_trail_holds_no_secret(acme: Tenant, connector: Connector, alice: User) -> None:
    made = make(acme, connector, alice)
    credentials.update(credential=made, by=alice, data={"url": "https://one.example", "key": "planted-anew"})
    credentials.delete(credential=made, by=alice)

    events = AuditEvent.everywhere.order_by("at")

    assert [event.verb for event in events] == ["created", "changed", "deleted"]
    assert "planted" not in str([(event.before, event.after) for event in events])


def test_wrong_data_is_refused_field_by_field_and_not_repeated(acme: Tenant, connector: Connector) -> None:
    with pytest.raises(Invalid) as error:
        make(acme, connector, url=7, key="", planted="planted")

    assert {pointer for pointer, _ in refused(error)} >= {"/data/url", "/data/key"}
    assert "planted" not in "".join(found.detail for found in error.value.errors)
    assert all(isinstance(found, FieldError) for found in error.value.errors)


def test_a_name_is_taken_once_per_connector(acme: Tenant, globex: Tenant, connector: Connector) -> None:
    make(acme, connector)

    with pytest.raises(Invalid) as error:
        make(acme, connector)

    assert refused(error) == [("/name", "taken")]
    assert make(globex, connector).pk
    assert make(acme, fake_connector("other", credential=KEY)).pk


@pytest.mark.parametrize(("name", "code"), [(" ", "required"), ("x" * 201, "too_long")])
def test_a_name_is_some_characters_long(acme: Tenant, connector: Connector, name: str, code: str) -> None:
    with pytest.raises(Invalid) as error:
        credentials.create(tenant_id=acme.pk, connector=connector, name=name, data={"key": "k"}, by=None)

    assert refused(error) == [("/name", code)]


def test_an_omitted_secret_stays(acme: Tenant, connector: Connector) -> None:
    made = make(acme, connector)

    for data in ({"url": "https://one.example"}, {"url": "https://one.example", "key": {"set": True}}):
        credentials.update(credential=made, by=None, data=data)

    kept = Credential.everywhere.get(pk=made.pk)
    assert (kept.data["key"], kept.revision) == ("planted-secret", 1)


def test_new_data_counts_up_the_revision_and_must_be_verified_again(acme: Tenant, connector: Connector) -> None:
    made = make(acme, connector)
    Credential.everywhere.filter(pk=made.pk).update(status=Credential.Status.VERIFIED)
    one, two = (Credential.everywhere.get(pk=made.pk) for _ in range(2))

    credentials.update(credential=one, by=None, data={**one.data, "key": "second"})
    credentials.update(credential=two, by=None, data={**two.data, "key": "third"})

    kept = Credential.everywhere.get(pk=made.pk)
    assert (kept.revision, kept.status, kept.data["key"]) == (3, "unverified", "third")


def test_a_rename_leaves_everything_else_alone(acme: Tenant, connector: Connector) -> None:
    made = make(acme, connector)
    stale = Credential.everywhere.get(pk=made.pk)
    credentials.update(credential=made, by=None, data={"url": "https://one.example", "key": "newer"})

    credentials.update(credential=stale, by=None, name="  Renamed ")

    kept = Credential.everywhere.get(pk=made.pk)
    assert (kept.name, kept.data["key"], kept.revision) == ("Renamed", "newer", 2)


def test_a_kept_secret_goes_to_no_new_address(acme: Tenant, connector: Connector) -> None:
    made = make(acme, connector)
    bare = credentials.create(tenant_id=acme.pk, connector=connector, name="Bare", data={"key": "planted"}, by=None)

    for credential in (made, bare):
        with pytest.raises(Invalid) as error:
            credentials.update(credential=credential, by=None, data={"url": "https://evil.example"})
        assert refused(error) == [("/data/url", "secrets_needed")]
        with pytest.raises(Invalid):
            credentials.update(
                credential=credential, by=None, data={"url": "https://evil.example", "key": {"set": True}}
            )


def test_with_its_secret_entered_again_an_address_may_change(acme: Tenant, connector: Connector) -> None:
    made = make(acme, connector)

    data = {"url": "https://two.example", "key": "planted-secret"}
    credentials.update(credential=made, by=None, data=data)

    assert Credential.everywhere.get(pk=made.pk).data == data


def test_addresses_deep_inside_are_watched_too(acme: Tenant, db: None) -> None:
    connector = fake_connector("oauth", credential=OAUTH)
    auth = {"type": "oauth", "token_url": "https://one.example", "secret": "planted"}
    made = make(acme, connector, auth=auth, mirrors=["https://m.example"])
    kept = {"type": "oauth", "token_url": "https://one.example"}

    credentials.update(credential=made, by=None, data={"auth": kept, "mirrors": ["https://m.example"], "note": "n"})
    for data, pointer in (
        ({"auth": {**kept, "token_url": "https://evil.example"}}, "/data/auth/token_url"),
        ({"auth": kept, "mirrors": ["https://m.example", "https://evil.example"]}, "/data/mirrors/1"),
    ):
        with pytest.raises(Invalid) as error:
            credentials.update(credential=made, by=None, data=data)
        assert refused(error) == [(pointer, "secrets_needed")]

    assert Credential.everywhere.get(pk=made.pk).data["auth"]["secret"] == "planted"


def test_a_credential_in_use_is_not_deleted_and_names_its_users(acme: Tenant, connector: Connector) -> None:
    made = make(acme, connector)
    integration = integrations.create(
        tenant_id=acme.pk, by=None, connector=connector, name="User", config={}, credential=made
    )

    with pytest.raises(Refused, match="User") as error:
        credentials.delete(credential=made, by=None)
    integrations.delete(integration=integration, by=None)
    credentials.delete(credential=made, by=None)

    assert error.value.code == "in_use"
    assert not Credential.everywhere.exists()


def test_one_that_does_not_open_says_so_and_is_mended_by_entering_it_again(acme: Tenant, connector: Connector) -> None:
    made = make(acme, connector)
    with platform(), connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_credential SET data = %s", ["nonsense"])
    broken = Credential.everywhere.get(pk=made.pk)

    assert credentials.public(broken) == ({}, "unreadable")
    with pytest.raises(Invalid):
        credentials.update(credential=broken, by=None, data={"url": "https://one.example"})
    credentials.update(credential=broken, by=None, data={"url": "https://one.example", "key": "again"})

    assert credentials.public(Credential.everywhere.get(pk=made.pk))[1] == "unverified"


def used(acme: Tenant, connector: Connector, **config: Any) -> Integration:
    data = {"url": "https://one.example", "key": "planted-secret"}
    credential = credentials.create(tenant_id=acme.pk, connector=connector, name=str(uuid4()), data=data, by=None)
    options = {"tenant_id": acme.pk, "by": None, "connector": connector, "name": str(uuid4()), "max_attempts": 1}
    return integrations.create(credential=credential, config=config, **options)


def status_after(integration: Integration) -> Credential:
    follow(requests.request(integration=integration, trigger=Trigger.API)[0])
    return Credential.everywhere.get(pk=integration.credential_id)


def test_a_run_that_succeeds_verifies_its_credential(acme: Tenant, connector: Connector) -> None:
    found = status_after(used(acme, connector))

    assert found.status == "verified"
    assert found.verified_at and found.last_used_at


def test_a_run_whose_service_refused_the_credential_rejects_it(acme: Tenant, connector: Connector) -> None:
    failure = {"code": "credential_refused", "origin": "settings", "message": "401"}

    assert status_after(used(acme, connector, failure=failure)).status == "rejected"
    assert status_after(used(acme, connector, failure={**failure, "code": "network"})).status == "unverified"


def test_a_run_says_nothing_about_a_credential_that_changed_since(acme: Tenant, connector: Connector) -> None:
    integration = used(acme, connector)
    run = requests.request(integration=integration, trigger=Trigger.API)[0]
    Run.everywhere.filter(pk=run.pk).update(started_at=timezone.now() - timedelta(hours=1))
    run.refresh_from_db()

    usage.succeeded(run)

    assert Credential.everywhere.get(pk=integration.credential_id).status == "unverified"
