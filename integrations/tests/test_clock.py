from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import tasks
from integrations.engines import registry
from integrations.models import Run
from integrations.services import bell, clock, endings, runs

pytestmark = pytest.mark.django_db
MakeRun = Callable[..., Run]


def put_due(run: Run, **ago: float) -> None:
    Run.everywhere.filter(pk=run.pk).update(due_at=timezone.now() - timedelta(**ago))


def test_an_overdue_run_is_rung_again(make_run: MakeRun, bells: list[str]) -> None:
    run = make_run()
    put_due(run, seconds=5)
    bells.clear()

    clock.ring_due("fake")

    assert bells == [str(run.pk)]


def test_runs_of_other_engines_leased_or_ended_are_not_rung(make_run: MakeRun, bells: list[str]) -> None:
    put_due(make_run(), seconds=-30)
    Run.everywhere.filter(pk=make_run().pk).update(due_at=None)
    bells.clear()

    clock.ring_due("fake")
    clock.ring_due("n8n")

    assert bells == []


def test_a_full_queue_is_not_rung_into(make_run: MakeRun, bells: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    put_due(make_run(), seconds=5)
    bells.clear()
    monkeypatch.setattr(clock, "_waiting", lambda queue: clock.ENOUGH_BELLS)

    clock.ring_due("fake")

    assert bells == []


def test_a_run_whose_host_is_gone_ends_as_lost(make_run: MakeRun, bells: list[str]) -> None:
    run = make_run()
    put_due(run, hours=1)
    Run.everywhere.filter(pk=run.pk).update(queue="fake.gone", state="running", handle={"dir": "x"})

    clock.close_abandoned("fake")

    run.refresh_from_db()
    assert (run.state, run.due_at) == ("lost", None)
    assert run.failure and "gone" in run.failure["message"]


def test_a_run_on_a_host_that_is_only_slow_is_left_alone(make_run: MakeRun, bells: list[str]) -> None:
    run = make_run()
    put_due(run, seconds=30)
    Run.everywhere.filter(pk=run.pk).update(queue="fake.slow", state="running")

    clock.close_abandoned("fake")

    assert Run.everywhere.get(pk=run.pk).state == "running"


def test_a_bell_that_cannot_be_sent_is_no_error(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(bell.current_app, "send_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        run = make_run()

    assert Run.everywhere.get(pk=run.pk).state == "queued"


def test_the_task_is_a_door_to_the_service(make_run: MakeRun, bells: list[str]) -> None:
    run = make_run({"rows": []})

    tasks.advance([str(run.pk)])

    assert Run.everywhere.get(pk=run.pk).state == "succeeded"


def test_what_an_engine_still_stores_is_dropped_when_it_is_idle(
    make_run: MakeRun, bells: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[object] = []
    engine = registry.get("fake")
    monkeypatch.setattr(engine, "keeps_data", True)
    monkeypatch.setattr(engine, "forget", forgotten.append)
    ended, active = make_run({"seconds": 0.01}), make_run({"seconds": 60})
    runs.advance([ended.pk])

    endings.forget_leftovers("fake")
    assert forgotten == []

    Run.everywhere.filter(pk=active.pk).update(state="cancelled", due_at=None)
    endings.forget_leftovers("fake")
    endings.forget_leftovers("fake")
    assert [handle["dir"] for handle in forgotten] == [Run.everywhere.get(pk=ended.pk).handle["dir"]]


def test_a_busy_engine_is_not_kept_from_dropping_for_ever(
    make_run: MakeRun, bells: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forgotten: list[object] = []
    monkeypatch.setattr(registry.get("fake"), "forget", forgotten.append)
    ended = make_run({"rows": []})
    runs.advance([ended.pk])
    make_run({"seconds": 60})
    long_ago = timezone.now() - timedelta(hours=1)
    Run.everywhere.filter(pk=ended.pk).update(has_leftovers=True, finished_at=long_ago)

    endings.forget_leftovers("fake")

    assert len(forgotten) == 1
