from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.domain import Health
from integrations.engines import registry
from integrations.models import Integration, Run
from integrations.services import dashboard, standing
from tenants.models import Tenant, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
ENGINE_FAILURE = {"code": "n8n_unreachable", "origin": "engine", "message": "n8n does not answer.", "fix": "Start it."}


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com", "irrelevant"))
    return client


@pytest.fixture
def add(make_integration: Callable[..., Integration], acme: Tenant) -> Callable[..., Run]:
    """Return a function that adds a run of some hours ago, which took some seconds."""
    shared = make_integration(name="Contacts")

    def run(state: str = "succeeded", *, hours: float = 1, took: float | None = 2, **values: Any) -> Run:
        began = timezone.now() - timedelta(hours=hours)
        times = {"queued_at": began, "started_at": began} if took is not None else {"queued_at": began}
        times |= {"finished_at": began + timedelta(seconds=took)} if took is not None else {}
        given = {"integration": shared, "connector_version": "1", "trigger": "api", "queue": "fake", "due_at": None}
        return Run.everywhere.create(tenant=acme, state=state, **{**given, **times, **values})

    return run


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_the_day_counts_runs_by_hour_and_state(add: Callable[..., Run]) -> None:
    for state, hours in (("succeeded", 1), ("succeeded", 1), ("timed_out", 1), ("cancelled", 20), ("failed", 25)):
        add(state, hours=hours)

    day = dashboard.day()

    assert len(day.hours) == 24
    assert (day.total, day.failed) == (4, 1)
    assert day.succeeded_percent == pytest.approx(66.7, abs=0.1)
    assert max(hour.total for hour in day.hours) == 3


def test_the_slowest_and_what_fails_most_come_first(
    add: Callable[..., Run], make_integration: Callable[..., Integration]
) -> None:
    for took in range(8):
        add(took=took)
    add("lost", failure={"message": "An earlier reason."}, hours=3)
    add("failed", failure={"message": "The key was refused."}, hours=2)
    add("failed", integration=make_integration(name="Orders"))

    day = dashboard.day()

    assert [slow.took.total_seconds() for slow in day.slowest] == [7, 6, 5, 4, 3]
    assert [(each.integration, each.failed, each.message) for each in day.failing] == [
        ("Contacts", 2, "The key was refused."),
        ("Orders", 1, ""),
    ]


def test_a_day_without_runs_is_an_empty_page_and_no_error(staff: Client) -> None:
    page = staff.get("/admin/").content.decode()
    assert "Nothing failed in the last 24 hours." in page
    assert "Nothing waits and nothing is at work." in page


def test_the_dashboard_costs_the_same_however_many_runs_there_are(staff: Client, add: Callable[..., Run]) -> None:
    add()
    add("failed")
    add("queued", took=None, due_at=timezone.now())
    before = queries(staff, "/admin/")
    for number in range(20):
        add(("failed", "succeeded", "queued")[number % 3], hours=number)

    assert queries(staff, "/admin/") == before


def test_a_queue_that_nobody_hears_is_named_with_what_to_do(staff: Client, add: Callable[..., Run]) -> None:
    late = timezone.now() - timedelta(minutes=7)
    add("queued", took=None, queue="spark.desk", due_at=late)
    add("running", took=None, queue="fake", due_at=timezone.now() + timedelta(seconds=5))

    standings = {each.name: each for each in standing.of_engines()}

    assert (standings["spark"].waiting, standings["fake"].working) == (1, 1)
    assert standings["spark"].advice == "Start a worker for spark.desk: nobody hears that queue."
    assert standings["fake"].advice == ""
    assert "nobody hears that queue" in staff.get("/admin/engines").content.decode()


def test_the_engines_page_says_what_is_wrong_and_what_to_do(
    staff: Client, add: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    ill = Health(False, version="2.41", problem="n8n does not answer.", fix="Start n8n.")
    monkeypatch.setattr(type(registry.get("n8n")), "check", lambda self: ill)
    add("failed", queue="n8n", failure=ENGINE_FAILURE, hours=5)
    add("failed", queue="n8n", failure={**ENGINE_FAILURE, "origin": "service", "message": "Not the engine's."})

    page = staff.get("/admin/engines").content.decode()

    assert all(words in page for words in ("Cannot work", "2.41", "n8n does not answer.", "Start n8n.", "Contacts"))
    assert "Not the engine" not in page


def test_an_engine_that_hangs_does_not_hang_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(type(registry.get("n8n")), "check", lambda self: over.wait(60) and Health(True))
    try:
        healths = standing.checked(["n8n", "fake"], seconds=0.2)
    finally:
        over.set()
    assert [health.is_ok for health in healths] == [False, True]
    assert "has not answered" in healths[0].problem


def test_an_engine_that_settings_name_wrongly_says_so(settings: Any) -> None:
    settings.ENGINES = {"typo": "integrations.engines.nowhere.Engine"}
    [found] = standing.of_engines()
    assert not found.health.is_ok
    assert found.advice == "Correct the entry typo of HUB_ENGINES."


@pytest.mark.parametrize("path", ["/admin/", "/admin/engines"])
def test_what_runs_do_is_shown_to_those_who_may_look_at_runs(client: Client, path: str) -> None:
    clerk = User.objects.create(email="clerk@example.com", is_staff=True)
    client.force_login(clerk)
    closed = client.get(path)
    assert closed.status_code == 403 or b"Runs by the hour" not in closed.content

    clerk.user_permissions.add(Permission.objects.get(codename="view_run"))

    opened = client.get(path)
    assert opened.status_code == 200
    assert b"Runs by the hour" in opened.content or b"What to do" in opened.content


def test_a_run_s_page_says_what_happened_and_what_to_do(staff: Client, add: Callable[..., Run]) -> None:
    run = add("failed", failure=ENGINE_FAILURE, log=["line <one>", "line two"])
    page = staff.get(f"/admin/integrations/run/{run.pk}/change/").content.decode()
    assert "What to do: Start it." in page
    assert "line &lt;one&gt;\nline two" in page


@pytest.mark.parametrize("term", ["{run}", "{integration}", "conta", " CONTACTS "])
def test_runs_are_found_by_id_and_by_the_name_of_their_integration(
    staff: Client, add: Callable[..., Run], make_integration: Callable[..., Integration], term: str
) -> None:
    run = add()
    add(integration=make_integration(name="Orders"))
    found = staff.get(
        "/admin/integrations/run/", {"q": term.format(run=run.pk, integration=run.integration_id)}
    ).context["cl"]
    assert [row.pk for row in found.result_list] == [run.pk]


def test_the_newest_runs_are_read_from_an_index(add: Callable[..., Run]) -> None:
    add()
    plan = Run.everywhere.order_by("-queued_at", "-id")[:50].explain()
    if connection.vendor == "sqlite":
        assert "runs_newest" in plan
        assert "TEMP B-TREE" not in plan
