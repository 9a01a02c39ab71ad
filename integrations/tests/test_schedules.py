from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.domain import Trigger
from integrations.models import Integration, Run
from integrations.services import integrations, requests, runs, schedules
from integrations.services.errors import Invalid
from integrations.testing import follow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeIntegration = Callable[..., Integration]
EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}


def make_late(integration: Integration) -> None:
    Integration.everywhere.filter(pk=integration.pk).update(next_run_at=timezone.now() - timedelta(seconds=1))


def test_a_scheduled_integration_knows_its_next_time(make_integration: MakeIntegration) -> None:
    integration = make_integration(cron="0 6 * * *", time_zone="Europe/Berlin")

    assert integration.next_run_at and integration.next_run_at > timezone.now()


def test_local_time_survives_the_change_to_summer_time() -> None:
    winter = schedules.next_after("0 6 * * *", "Europe/Berlin", datetime(2026, 3, 27, 12, tzinfo=UTC))
    summer = schedules.next_after("0 6 * * *", "Europe/Berlin", datetime(2026, 3, 28, 12, tzinfo=UTC))

    assert winter and winter.astimezone(UTC).hour == 5
    assert summer and summer.astimezone(UTC).hour == 4


def test_a_due_schedule_starts_one_run_and_moves_on(make_integration: MakeIntegration) -> None:
    integration = make_integration(cron="* * * * *")
    make_late(integration)

    schedules.start_due()
    schedules.start_due()

    run = Run.everywhere.get(integration=integration)
    assert run.trigger == Trigger.SCHEDULE
    integration.refresh_from_db()
    assert integration.next_run_at and integration.next_run_at > timezone.now()


def test_a_tick_with_nothing_due_is_one_query_of_an_index(
    make_integration: MakeIntegration, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_integration(cron="0 0 1 1 *")
    with django_assert_num_queries(1) as asked:
        schedules.start_due()

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # it reads a table this small as a whole unless it must not
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"{EXPLAIN[connection.vendor]} {asked.captured_queries[0]['sql']}")
        assert "integration_due" in str(cursor.fetchall())


def test_two_clocks_that_saw_the_same_time_start_one_run(make_integration: MakeIntegration) -> None:
    integration = make_integration(cron="* * * * *")
    make_late(integration)
    first, second = (Integration.everywhere.select_related("connector").get(pk=integration.pk) for _ in range(2))

    schedules._start(first, timezone.now())
    schedules._start(second, timezone.now())

    assert Run.everywhere.filter(integration=integration).count() == 1


def test_a_schedule_that_skips_starts_nothing_beside_an_active_run(make_integration: MakeIntegration) -> None:
    integration = make_integration(cron="* * * * *", overlap="skip")
    requests.request(integration=integration, trigger=Trigger.API)
    make_late(integration)

    schedules.start_due()

    assert Run.everywhere.filter(integration=integration).count() == 1


def test_a_schedule_that_queues_waits_for_the_run_before_it(make_integration: MakeIntegration) -> None:
    integration = make_integration({"rows": []}, cron="* * * * *", overlap="queue")
    earlier, _ = requests.request(integration=integration, trigger=Trigger.API)
    make_late(integration)
    schedules.start_due()
    waiting = Run.everywhere.get(integration=integration, trigger=Trigger.SCHEDULE)

    from_queue = _step_once(waiting)
    assert (from_queue.state, from_queue.asked_at) == ("queued", None)

    follow(earlier)
    assert follow(waiting).state == "succeeded"


def _step_once(run: Run) -> Run:

    runs.advance([run.pk])
    run.refresh_from_db()
    return run


def test_a_paused_integration_is_not_scheduled(make_integration: MakeIntegration) -> None:
    integration = make_integration(cron="* * * * *")
    integrations.update(integration=integration, by=None, enabled=False)

    assert Integration.everywhere.get(pk=integration.pk).next_run_at is None


@pytest.mark.parametrize(
    ("cron", "time_zone", "pointer", "code"),
    [
        ("every day", "UTC", "/schedule/cron", "unreadable"),
        ("61 * * * *", "UTC", "/schedule/cron", "unreadable"),
        ("0 0 30 2 *", "UTC", "/schedule/cron", "unreadable"),
        ("0 6 * * *", "Berlin", "/schedule/time_zone", "unknown_time_zone"),
    ],
)
def test_a_schedule_that_cannot_be_read_is_refused_by_field(
    make_integration: MakeIntegration, cron: str, time_zone: str, pointer: str, code: str
) -> None:
    with pytest.raises(Invalid) as caught:
        make_integration(cron=cron, time_zone=time_zone)

    assert [(error.pointer, error.code) for error in caught.value.errors] == [(pointer, code)]
