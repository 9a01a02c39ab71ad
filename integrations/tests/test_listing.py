from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from connectors.models import Connector
from integrations.domain import RunState
from integrations.models import Integration, Run
from integrations.services import activity, completeness, integrations, listing, overview, requests, timeline
from integrations.services.errors import Refused
from integrations.services.integrations import NewCredential
from integrations.services.listing import Wish
from integrations.services.overview import Health
from integrations.testing import KEY, fake_connector, follow
from tenants.models import Tenant, User
from tenants.scope import scope

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeIntegration = Callable[..., Integration]
MakeRun = Callable[..., Run]
FAILURE = {"message": "No.", "retryable": False, "fix": "Ask again."}


@pytest.fixture(autouse=True)
def inside(acme: Tenant) -> Iterator[None]:
    with scope(acme.pk):
        yield


def add_runs(integration: Integration, number: int, state: str = "succeeded") -> list[Run]:
    now = timezone.now()
    rows = [
        Run(
            tenant_id=integration.tenant_id,
            integration=integration,
            state=state,
            due_at=None,
            trigger="manual",
            queue="fake",
            config={},
            connector_version="1",
            rows=10,
            queued_at=now - timedelta(hours=number - each),
        )
        for each in range(number)
    ]
    return Run.everywhere.bulk_create(rows)


def names(**wish: str) -> list[str]:
    return [row.name for row in listing.found(Wish(**wish))]


def test_an_end_is_remembered_by_the_integration_but_a_cancel_is_not(make_run: MakeRun) -> None:
    run = follow(make_run({"failure": FAILURE}))
    integration = run.integration
    integration.refresh_from_db()
    assert (integration.verdict, overview.health_of(integration)) == ("failed", Health.FAILING)

    again, _ = requests.request(integration=integration, trigger=run.cause)
    requests.cancel(run=again)
    assert follow(again).state == RunState.CANCELLED
    integration.refresh_from_db()
    assert integration.verdict == "failed"


def test_integrations_are_counted_and_narrowed_by_how_they_fare(
    make_run: MakeRun, make_integration: MakeIntegration
) -> None:
    follow(make_run({"rows": [{"a": 1}]}, name="fine"))
    follow(make_run({"failure": FAILURE}, name="broken"))
    make_integration(name="new")
    make_integration(name="resting", enabled=False)
    make_run(name="busy")

    assert listing.counts() == {
        "": 5, "ok": 1, "failing": 1, "never_run": 2, "paused": 1, "incomplete": 0, "running": 1,
    }  # fmt: skip
    assert names(health="ok") == ["fine"]
    assert names(health="failing") == ["broken"]
    assert names(health="paused") == ["resting"]
    assert names(health="running") == ["busy"]
    assert names(health="nonsense", sort="name") == ["broken", "busy", "fine", "new", "resting"]
    assert names(text="EST") == ["resting"]


def test_what_a_new_version_asks_for_makes_integrations_incomplete(make_integration: MakeIntegration) -> None:
    integration = make_integration(name="old")
    schema = {"credential": {}, "config": {"type": "object", "required": ["url"], "properties": {"url": {}}}}
    Connector.objects.filter(pk=integration.connector_id).update(schema=schema, version="2.0.0")

    assert listing.counts()["incomplete"] == 0
    assert completeness.recheck() == 1
    assert completeness.recheck() == 0
    assert names(health="incomplete") == ["old"]
    assert names(health="never_run") == []


def test_a_list_shows_the_latest_runs_of_each_the_oldest_first(make_integration: MakeIntegration) -> None:
    many, few, none = make_integration(), make_integration(), make_integration()
    made = {many.pk: add_runs(many, 40)[-listing.STRIP :], few.pk: add_runs(few, 3), none.pk: []}

    shown = {row.integration.pk: [run.pk for run in row.latest] for row in listing.rows([many, few, none])}

    assert shown == {pk: [run.pk for run in runs] for pk, runs in made.items()}


def test_a_list_costs_the_same_however_long_it_is(
    make_integration: MakeIntegration, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        add_runs(make_integration(name=str(number)), 3)
    for size in (2, 40):
        with django_assert_num_queries(8):
            listing.rows(list(listing.found(Wish())[:size]))


def test_days_without_runs_are_shown_too(make_integration: MakeIntegration) -> None:
    integration = make_integration()
    add_runs(integration, 1)
    add_runs(integration, 2, "failed")
    days = activity.days(integration)
    assert len(days) == activity.DAYS
    assert sum(day.succeeded for day in days) == 1
    assert sum(day.failed for day in days) == 2
    assert sum(day.rows for day in days) == 30


def test_a_copy_has_the_settings_and_waits_to_be_let_go(make_integration: MakeIntegration, alice: User) -> None:
    original = make_integration({"rows": []}, name="Orders", cron="0 6 * * *")
    first = integrations.duplicate(integration=original, by=alice)
    second = integrations.duplicate(integration=original, by=alice)
    assert [first.name, second.name] == ["Orders (2)", "Orders (3)"]
    assert (first.config, first.cron, first.enabled) == (original.config, "0 6 * * *", False)
    assert first.next_run_at is None


def test_the_copy_of_a_very_long_name_has_a_name(make_integration: MakeIntegration, alice: User) -> None:
    copy = integrations.duplicate(integration=make_integration(name="ü" * 200), by=alice)
    assert len(copy.name) <= 200
    assert copy.name.endswith(" (2)")


def test_the_timeline_tells_what_changed_from_what_to_what(make_integration: MakeIntegration, alice: User) -> None:
    integration = make_integration({"rows": [], "deep": {"a": 1}}, name="Orders")
    integrations.update(integration=integration, by=alice, config={"rows": [], "deep": {"a": 2}}, name="Sales")

    [changed, made] = timeline.of(integration).entries

    assert changed.event and changed.event.actor_name == alice.email
    assert {(each.name, each.old, each.new) for each in changed.changes} == {
        ("name", "Orders", "Sales"),
        ("config.deep.a", 1, 2),
    }
    assert made.changes == ()


def test_an_earlier_configuration_is_restored_with_the_secrets_of_today(acme: Tenant, alice: User) -> None:
    connector = fake_connector("keyed", credential=KEY)
    given = NewCredential("Account", {"key": "s3cret"})
    integration = integrations.create(
        tenant_id=acme.pk, by=alice, connector=connector, name="Orders", config={"month": 1}, credential=given
    )
    integrations.update(integration=integration, by=alice, config={"month": 2}, cron="0 6 * * *")
    restored = timeline.restore(integration=integration, event_id=_made(integration), by=alice)

    assert (restored.config, restored.cron) == ({"month": 1}, "")
    assert restored.credential is not None and restored.credential.data == {"key": "s3cret"}


def test_what_does_not_tell_the_configuration_is_not_restored(make_integration: MakeIntegration, alice: User) -> None:
    one, other = make_integration(), make_integration()
    with pytest.raises(Refused):
        timeline.restore(integration=one, event_id=_made(other), by=alice)


def test_the_timeline_goes_on_before_its_last_entry(make_integration: MakeIntegration) -> None:
    integration = make_integration()
    add_runs(integration, 45)
    first = timeline.of(integration)
    second = timeline.of(integration, first.next_before)
    runs = [entry.run.pk for part in (first, second) for entry in part.entries if entry.run]
    assert len(runs) == len(set(runs)) == 45


def _made(integration: Integration) -> UUID:
    events = [entry.event for entry in timeline.of(integration).entries if entry.can_be_restored]
    return next(event.pk for event in events if event and event.verb == "created")
