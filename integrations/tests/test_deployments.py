from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.domain import EngineError, Plan, Ref, Trigger
from integrations.engines import registry
from integrations.models import Deployment, Integration, Run
from integrations.services import credentials, deployments, integrations, requests
from integrations.services.integrations import NewCredential
from integrations.testing import KEY, fake_connector, follow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeIntegration = Callable[..., Integration]


class Holder:
    """Stands in for what an engine holds: the plans it was given, the refs it has left."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.held: set[str] = set()
        self.error: EngineError | None = None

    def provision(self, plan: Plan) -> Ref:
        if self.error:
            raise self.error
        self.plans.append(plan)
        self.held.add(plan.key)
        return {"key": plan.key}

    def deprovision(self, ref: Ref) -> None:
        if self.error:
            raise self.error
        self.held.discard(ref["key"])


@pytest.fixture
def holder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Holder]:
    engine, holder = registry.get("fake"), Holder()
    monkeypatch.setattr(engine, "needs_deployment", True)
    monkeypatch.setattr(engine, "provision", holder.provision)
    monkeypatch.setattr(engine, "deprovision", holder.deprovision)
    yield holder


def run(integration: Integration) -> Run:
    integration = Integration.everywhere.get(pk=integration.pk)
    return follow(requests.request(integration=integration, trigger=Trigger.API)[0])


def keyed(make_integration: MakeIntegration, **options: object) -> Integration:
    connector = fake_connector("keyed", credential=KEY)
    return make_integration(connector=connector, credential=NewCredential("one", {"key": "k-1234"}), **options)


def test_a_deployment_is_made_before_the_first_run_and_kept(make_integration: MakeIntegration, holder: Holder) -> None:
    integration = keyed(make_integration)
    assert not Deployment.everywhere.exists()

    assert [run(integration).state, run(integration).state] == ["succeeded", "succeeded"]

    [plan] = holder.plans
    assert plan.credential == {"key": "k-1234"}
    assert "k-1234" not in repr(plan) and plan.hook_token not in repr(plan)


def test_integrations_that_share_a_credential_share_the_deployment(
    make_integration: MakeIntegration, holder: Holder
) -> None:
    first = keyed(make_integration)
    second = make_integration(connector=first.connector, credential=first.credential)

    run(first)
    run(second)

    assert Deployment.everywhere.count() == len(holder.plans) == 1


def test_a_changed_credential_reaches_the_engine_before_the_next_run(
    make_integration: MakeIntegration, holder: Holder
) -> None:
    integration = keyed(make_integration)
    run(integration)

    credentials.update(credential=integration.credential, data={"key": "k-5678"}, by=None)
    run(integration)

    assert [plan.credential["key"] for plan in holder.plans] == ["k-1234", "k-5678"]
    assert holder.plans[1].ref == {"key": holder.plans[0].key}


def test_the_last_integration_to_go_takes_the_deployment_with_it(
    make_integration: MakeIntegration, holder: Holder
) -> None:
    first = keyed(make_integration)
    second = make_integration(connector=first.connector, credential=first.credential)
    run(first)
    run(second)

    integrations.delete(integration=Integration.everywhere.get(pk=first.pk), by=None)
    deployments.remove_due()
    assert holder.held

    integrations.delete(integration=Integration.everywhere.get(pk=second.pk), by=None)
    deployments.remove_due()
    assert not holder.held
    assert not Deployment.everywhere.exists()


def test_a_removal_that_fails_is_tried_again(make_integration: MakeIntegration, holder: Holder) -> None:
    integration = keyed(make_integration)
    run(integration)
    integrations.delete(integration=Integration.everywhere.get(pk=integration.pk), by=None)

    holder.error = EngineError("away", retryable=True)
    deployments.remove_due()
    assert Deployment.everywhere.get().due_at > timezone.now()

    holder.error = None
    Deployment.everywhere.update(due_at=timezone.now())
    deployments.remove_due()
    assert not Deployment.everywhere.exists()


def test_a_deployment_is_not_removed_under_an_active_run(make_integration: MakeIntegration, holder: Holder) -> None:
    integration = keyed(make_integration)
    past = run(integration)
    Run.everywhere.filter(pk=past.pk).update(state="cancelling", due_at=timezone.now())
    integrations.delete(integration=Integration.everywhere.get(pk=integration.pk), by=None)

    deployments.remove_due()

    assert holder.held


def test_a_failed_provisioning_says_why_and_is_tried_by_the_next_run(
    make_integration: MakeIntegration, holder: Holder
) -> None:
    integration = keyed(make_integration)
    holder.error = EngineError("unknown node type", retryable=False, code="provisioning_failed")

    failed = run(integration)
    assert failed.state == "failed"
    assert failed.failure and failed.failure["code"] == "provisioning_failed"

    holder.error = None
    assert run(integration).state == "succeeded"


def test_one_worker_provisions_while_others_wait(make_integration: MakeIntegration, holder: Holder) -> None:
    integration = keyed(make_integration)
    run(integration)
    claimed = timezone.now() + timedelta(seconds=30)
    Deployment.everywhere.update(fingerprint="", claimed_until=claimed)

    with pytest.raises(deployments.Busy):
        deployments.ensure(Integration.everywhere.get(pk=integration.pk), {"key": "k-1234"})

    assert len(holder.plans) == 1


def test_another_credential_is_another_deployment(make_integration: MakeIntegration, holder: Holder) -> None:
    integration = keyed(make_integration)
    run(integration)

    fresh = Integration.everywhere.get(pk=integration.pk)
    integrations.update(integration=fresh, by=None, credential=NewCredential("two", {"key": "k-9999"}))
    run(integration)
    deployments.remove_due()

    assert [plan.credential["key"] for plan in holder.plans] == ["k-1234", "k-9999"]
    assert len(holder.held) == 1
