from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.utils import timezone

from integrations.domain import EngineError, Outcome, Progress, Trigger
from integrations.engines import registry
from integrations.models import DatasetVersion, Integration, Run, RunInput
from integrations.services import endings, leases, logs, requests, runs
from integrations.services.errors import Refused
from integrations.services.integrations import NewCredential
from integrations.testing import KEY, fake_connector, follow, make_due
from tenants.models import AuditEvent, User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeRun = Callable[..., Run]
MakeIntegration = Callable[..., Integration]


def starts(run: Run) -> int:
    path = Path(run.handle["dir"]) / "starts" if run.handle else None
    return len(path.read_text().splitlines()) if path and path.exists() else 0


def test_a_run_brings_rows_and_ends_once(make_run: MakeRun) -> None:
    run = follow(make_run({"rows": [{"a": 1}, {"a": 2}]}))

    assert (run.state, run.rows, run.due_at, run.failure) == ("succeeded", 2, None, None)
    assert run.started_at and run.finished_at
    version = DatasetVersion.everywhere.get(run=run)
    assert version.dataset.latest_id == version.pk
    assert version.schema[0]["name"] == "a"


def test_a_run_without_rows_makes_no_version(make_run: MakeRun) -> None:
    run = follow(make_run())

    assert (run.state, run.rows) == ("succeeded", 0)
    assert not DatasetVersion.everywhere.filter(run=run).exists()


def test_an_empty_list_is_a_version_of_no_rows(make_run: MakeRun) -> None:
    run = follow(make_run({"rows": []}))

    assert (run.state, run.rows) == ("succeeded", 0)
    assert DatasetVersion.everywhere.get(run=run).rows == 0


def test_a_run_that_takes_long_is_released_and_taken_up_again(make_run: MakeRun, settings: LazySettings) -> None:
    settings.STEP_SECONDS = 0.05
    run = make_run({"seconds": 0.4, "rows": [{"a": 1}]})

    runs.advance([run.pk])
    run.refresh_from_db()
    assert (run.state, run.lease) == ("running", None)
    assert run.handle and run.deadline_at

    assert follow(run).state == "succeeded"
    assert starts(run) == 1


def test_two_bells_at_once_step_the_run_once(make_run: MakeRun) -> None:
    run = make_run({"seconds": 5})

    _, first = leases.claim([run.pk])
    _, second = leases.claim([run.pk])

    assert [row.pk for row in first] == [run.pk]
    assert second == []


def test_a_worker_that_outlived_its_lease_writes_nothing(make_run: MakeRun) -> None:
    run = make_run({"rows": [{"a": 1}]})
    _, [late] = leases.claim([run.pk])
    make_due(run)
    _, [owner] = leases.claim([run.pk])

    assert not leases.write(late, state="failed", due_at=None)
    assert leases.write(owner, state="running")
    run.refresh_from_db()
    assert run.state == "running"


def test_a_late_success_leaves_no_version_behind(make_run: MakeRun) -> None:
    run = make_run({"rows": [{"a": 1}]})
    engine = registry.get("fake")
    _, [late] = leases.claim([run.pk])
    step = runs.Step(late, engine, is_fresh=True)
    progress = runs._begin(step)
    make_due(run)
    leases.claim([run.pk])

    endings.conclude(late, progress, runs._job(step), step.mask)

    assert not DatasetVersion.everywhere.filter(run=run).exists()
    assert Run.everywhere.get(pk=run.pk).finished_at is None


def test_work_whose_handle_nobody_wrote_down_is_adopted(make_run: MakeRun) -> None:
    run = make_run({"seconds": 0.3, "rows": [{"a": 1}]})
    _, [claimed] = leases.claim([run.pk])
    runs._begin(runs.Step(claimed, registry.get("fake"), is_fresh=True))

    done = follow(run)

    assert done.state == "succeeded"
    assert starts(done) == 1


def test_a_run_is_not_stepped_before_it_is_due(make_run: MakeRun) -> None:
    run = make_run({"rows": []})
    Run.everywhere.filter(pk=run.pk).update(due_at=timezone.now() + timedelta(seconds=60))

    runs.advance([run.pk])

    run.refresh_from_db()
    assert run.state == "queued"


def test_a_retryable_failure_is_tried_again_with_backoff(make_run: MakeRun) -> None:
    failure = {"message": "busy", "retryable": True, "origin": "service"}
    run = make_run({"failure": failure}, max_attempts=2)

    runs.advance([run.pk])
    run.refresh_from_db()
    assert (run.state, run.attempt, run.handle, run.asked_at) == ("queued", 2, None, None)
    assert run.due_at and run.due_at > timezone.now()
    assert run.failure and run.failure["message"] == "busy"

    assert (follow(run).state, run.attempt) == ("failed", 2)


def test_a_failure_that_cannot_pass_is_final_at_once(make_run: MakeRun) -> None:
    run = follow(make_run({"failure": {"message": "wrong key", "retryable": False}}))

    assert (run.state, run.attempt) == ("failed", 1)
    assert run.failure and run.failure["code"] == "fake"


def test_a_service_that_names_a_pause_is_given_it(make_run: MakeRun) -> None:
    run = make_run({"failure": {"message": "slow down", "retryable": True, "detail": {"retry_after": 90}}})

    runs.advance([run.pk])

    run.refresh_from_db()
    assert run.due_at and run.due_at > timezone.now() + timedelta(seconds=80)


def test_an_engine_that_is_away_is_waited_for(make_run: MakeRun, settings: LazySettings) -> None:
    run = make_run({"refuse": {"message": "not reachable", "retryable": True}})

    runs.advance([run.pk])
    run.refresh_from_db()
    assert (run.state, run.stumbles, run.attempt) == ("starting", 1, 1)
    assert "not reachable" in run.progress["message"]

    settings.PATIENCE_SECONDS = 0
    Run.everywhere.filter(pk=run.pk).update(attempt=run.integration.max_attempts)
    assert follow(run).state == "failed"


def test_a_failed_poll_is_not_a_failed_run(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = registry.get("fake")
    run = make_run({"seconds": 0.1, "rows": []})
    poll, calls = engine.poll, iter([EngineError("gone for a moment", retryable=True)])

    def stumbling(job: object, handle: object) -> Progress:
        for error in calls:
            raise error
        return poll(job, handle)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "poll", stumbling)

    done = follow(run)
    assert (done.state, done.stumbles, done.attempt) == ("succeeded", 0, 1)


def test_cancelling_a_queued_run_never_asks_the_engine(make_run: MakeRun) -> None:
    run = make_run({"seconds": 5})

    requests.cancel(run=run)

    done = follow(run)
    assert (done.state, done.handle) == ("cancelled", None)


def test_cancelling_a_running_run_ends_the_work(make_run: MakeRun, settings: LazySettings) -> None:
    settings.STEP_SECONDS = 0.05
    run = make_run({"seconds": 60})
    runs.advance([run.pk])

    requests.cancel(run=run)

    done = follow(run)
    assert done.state == "cancelled"
    assert done.handle and (Path(done.handle["dir"]) / "cancelled").exists()


def test_a_step_under_way_notices_the_wish_to_cancel(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run({"seconds": 60})
    engine = registry.get("fake")
    poll = engine.poll

    def poll_and_wish(job: object, handle: object) -> Progress:
        Run.everywhere.filter(pk=run.pk, cancel_requested_at=None).update(cancel_requested_at=timezone.now())
        return poll(job, handle)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "poll", poll_and_wish)
    runs.advance([run.pk])

    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_cancel_that_is_never_confirmed_is_closed_with_a_note(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.STEP_SECONDS = 0.05
    run = make_run({"seconds": 60})
    runs.advance([run.pk])
    monkeypatch.setattr(registry.get("fake"), "cancel", lambda handle: None)
    requests.cancel(run=run)
    settings.CANCEL_PATIENCE_SECONDS = 0

    done = follow(run)

    assert done.state == "cancelled"
    assert "never confirmed" in done.note


def test_an_ended_run_cannot_be_cancelled(make_run: MakeRun) -> None:
    run = follow(make_run())

    with pytest.raises(Refused, match="already ended"):
        requests.cancel(run=run)


def test_a_run_over_its_deadline_is_ended_and_says_so(make_run: MakeRun, settings: LazySettings) -> None:
    settings.STEP_SECONDS = 0.05
    run = make_run({"seconds": 60}, timeout_seconds=1)
    runs.advance([run.pk])
    Run.everywhere.filter(pk=run.pk).update(deadline_at=timezone.now() - timedelta(seconds=1))

    done = follow(run)

    assert done.state == "timed_out"
    assert done.failure and done.failure["code"] == "timed_out"
    assert (Path(done.handle["dir"]) / "cancelled").exists()


def test_work_cancelled_in_the_engine_ends_as_cancelled_with_a_note(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Progress({"x": 1}, outcome=Outcome(is_cancelled=True))
    monkeypatch.setattr(registry.get("fake"), "start", lambda job: ended)

    done = follow(make_run())

    assert done.state == "cancelled"
    assert "not here" in done.note


def test_an_error_of_the_hub_ends_that_run_alone(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, well = make_run({"seconds": 0.01}), make_run({"rows": []})
    engine = registry.get("fake")
    start = engine.start

    def fail_for_one(job: object) -> Progress:
        if job.run_id == broken.pk:  # type: ignore[attr-defined]
            raise ZeroDivisionError("with a secret in it")
        return start(job)  # type: ignore[arg-type]

    monkeypatch.setattr(engine, "start", fail_for_one)
    runs.advance([broken.pk, well.pk])

    broken.refresh_from_db()
    well.refresh_from_db()
    assert (broken.state, well.state) == ("failed", "succeeded")
    assert broken.failure and broken.failure["origin"] == "hub"
    assert "secret" not in str(broken.failure)


def test_many_runs_are_stepped_side_by_side(make_integration: MakeIntegration) -> None:
    integration = make_integration({"seconds": 0.2})
    many, _ = requests.request_many(integration=integration, count=10, trigger=Trigger.API)

    runs.advance([run.pk for run in many])

    assert Run.everywhere.filter(integration=integration, state="succeeded").count() == 10


def test_secrets_in_a_failure_are_taken_out(make_run: MakeRun) -> None:
    connector = fake_connector(
        "keyed", credential={"type": "object", "properties": {"key": {"type": "string", "writeOnly": True}}}
    )
    failure = {"message": "key s3cret-value refused", "detail": {"said": ["s3cret-value"]}}
    credential = NewCredential("one", {"key": "s3cret-value"})
    run = make_run({"failure": failure}, connector=connector, credential=credential)

    done = follow(run)

    assert "s3cret" not in str(done.failure)
    assert done.failure and "refused" in done.failure["message"]


def test_the_cursor_of_a_run_is_handed_to_the_next(make_integration: MakeIntegration) -> None:
    integration = make_integration({"state": {"since": 7}})

    follow(requests.request(integration=integration, trigger=Trigger.API)[0])

    integration.refresh_from_db()
    assert integration.state == {"since": 7}


def test_a_run_reads_the_newest_version_and_remembers_which(make_integration: MakeIntegration) -> None:
    producer = make_integration({"rows": [{"a": 1}]})
    follow(requests.request(integration=producer, trigger=Trigger.API)[0])
    dataset = producer.datasets(manager="everywhere").get()
    reader = make_integration({"reads": str(dataset.pk)})

    run = follow(requests.request(integration=reader, trigger=Trigger.API)[0])

    assert RunInput.everywhere.get(run=run).version_id == dataset.latest_id


def test_a_run_whose_input_has_no_rows_yet_says_which(make_integration: MakeIntegration) -> None:
    producer = make_integration({"rows": [{"a": 1}]})
    dataset = producer.datasets(manager="everywhere").get()
    reader = make_integration({"reads": str(dataset.pk)})

    run = follow(requests.request(integration=reader, trigger=Trigger.API)[0])

    assert run.state == "failed"
    assert run.failure and run.failure["origin"] == "settings"


def test_a_lease_is_kept_while_a_step_takes_long(make_run: MakeRun) -> None:
    run = make_run()
    _, [claimed] = leases.claim([run.pk])
    before = Run.everywhere.get(pk=run.pk).due_at

    leases.Keeper()._renew([claimed.lease])

    after = Run.everywhere.get(pk=run.pk).due_at
    assert before and after and after > before


def test_an_ended_run_is_never_made_due_by_the_keeper(make_run: MakeRun) -> None:
    run = make_run()
    _, [claimed] = leases.claim([run.pk])
    Run.everywhere.filter(pk=run.pk).update(due_at=None, state="succeeded")

    leases.Keeper()._renew([claimed.lease])

    assert Run.everywhere.get(pk=run.pk).due_at is None


def test_an_unknown_run_is_no_error() -> None:
    runs.advance([uuid4()])


def test_a_log_the_engine_will_not_keep_is_kept_with_the_run(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Progress({"x": 1}, outcome=Outcome(log=("first", "second")))
    monkeypatch.setattr(registry.get("fake"), "start", lambda job: ended)

    run = follow(make_run())

    assert logs.page(run).lines == ("first", "second")
    assert logs.page(run, logs.page(run).cursor).lines == ()


def test_the_use_of_a_credential_is_in_the_trail_once_a_run(make_run: MakeRun, alice: User) -> None:
    connector = fake_connector("keyed", credential=KEY)
    credential = NewCredential("one", {"key": "planted-secret"})
    failure = {"message": "Busy.", "retryable": True}
    run = make_run({"failure": failure}, connector=connector, credential=credential, max_attempts=2)
    Run.everywhere.filter(pk=run.pk).update(requested_by=alice)

    assert follow(run).attempt == 2

    event = AuditEvent.everywhere.get(verb="used")
    assert (event.actor, event.object_id) == (alice, run.integration.credential_id)
    assert event.after == {"run": str(run.pk), "integration": run.integration.name, "trigger": "api"}


def test_who_cancelled_a_run_is_in_the_trail(make_run: MakeRun, alice: User) -> None:
    run = make_run({"seconds": 60})

    requests.cancel(run=run, by=alice)

    event = AuditEvent.everywhere.get(verb="cancelled")
    assert (event.actor, event.object_id, event.before) == (alice, run.pk, {"state": "queued"})
