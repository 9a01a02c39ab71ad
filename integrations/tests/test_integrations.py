from collections.abc import Callable

import pytest

from integrations.domain import Trigger
from integrations.models import Credential, Integration, Run
from integrations.services import credentials, integrations, requests
from integrations.services.errors import Invalid, Refused
from integrations.services.integrations import NewCredential
from integrations.testing import KEY, fake_connector, follow
from tenants.models import AuditEvent, Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeIntegration = Callable[..., Integration]


def problems(caught: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in caught.value.errors]


def test_an_integration_is_made_with_its_credential_or_not_at_all(make_integration: MakeIntegration) -> None:
    keyed = fake_connector("keyed", credential=KEY)

    with pytest.raises(Invalid) as caught:
        make_integration(connector=keyed, cron="nonsense", credential=NewCredential("one", {"key": "k"}))

    assert problems(caught) == [("/schedule/cron", "unreadable")]
    assert not Credential.everywhere.exists()


def test_a_wrong_credential_is_told_below_its_own_field(make_integration: MakeIntegration) -> None:
    keyed = fake_connector("keyed", credential=KEY)

    with pytest.raises(Invalid) as caught:
        make_integration(connector=keyed, credential=NewCredential("one", {"key": 7}))

    assert caught.value.errors[0].pointer == "/credential/data/key"


def test_a_connector_that_needs_a_credential_says_so(make_integration: MakeIntegration) -> None:
    with pytest.raises(Invalid) as caught:
        make_integration(connector=fake_connector("keyed", credential=KEY))

    assert problems(caught) == [("/credential", "required")]


def test_a_credential_of_another_connector_is_refused(make_integration: MakeIntegration, acme: Tenant) -> None:
    keyed, other = fake_connector("keyed", credential=KEY), fake_connector("other", credential=KEY)
    credential = credentials.create(tenant_id=acme.pk, connector=other, name="one", data={"key": "k"}, by=None)

    with pytest.raises(Invalid) as caught:
        make_integration(connector=keyed, credential=credential)

    assert problems(caught) == [("/credential", "wrong_connector")]


def test_a_hidden_connector_is_unknown(make_integration: MakeIntegration) -> None:
    with pytest.raises(Invalid) as caught:
        make_integration(connector=fake_connector("gone", status="hidden"))

    assert problems(caught) == [("/connector", "unknown")]


def test_a_name_is_taken_once_until_it_is_deleted(make_integration: MakeIntegration) -> None:
    first = make_integration(name="orders")

    with pytest.raises(Invalid) as caught:
        make_integration(name="orders")
    assert problems(caught) == [("/name", "taken")]

    integrations.delete(integration=first, by=None)
    assert make_integration(name="orders").pk != first.pk


def test_merging_needs_keys(make_integration: MakeIntegration) -> None:
    with pytest.raises(Invalid) as caught:
        make_integration(write_mode="merge")

    assert problems(caught) == [("/merge_keys", "required")]


def test_deleting_cancels_runs_and_keeps_history(make_integration: MakeIntegration) -> None:
    integration = make_integration({"rows": [{"a": 1}]})
    past = follow(requests.request(integration=integration, trigger=Trigger.API)[0])
    active, _ = requests.request(integration=integration, trigger=Trigger.API)

    integrations.delete(integration=integration, by=None)

    assert follow(active).state == "cancelled"
    assert Run.everywhere.get(pk=past.pk).rows == 1
    with pytest.raises(Refused):
        requests.request(integration=integration, trigger=Trigger.API)


def test_a_change_is_in_the_audit_trail_without_secrets(make_integration: MakeIntegration) -> None:
    integration = make_integration(name="before")

    integrations.update(integration=integration, by=None, name="after")

    event = AuditEvent.everywhere.get(verb="changed", object_type__icontains="integration")
    assert (event.before["name"], event.after["name"]) == ("before", "after")


def test_the_same_key_returns_the_same_run(make_integration: MakeIntegration) -> None:
    integration = make_integration()

    first, made = requests.request(integration=integration, trigger=Trigger.API, idempotency_key="k")
    again, made_again = requests.request(integration=integration, trigger=Trigger.API, idempotency_key="k")

    assert (made, made_again) == (True, False)
    assert first.pk == again.pk
