from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from integrations.domain import Failure, Origin, RunState, Tone, Trigger
from integrations.engines.n8n.engine import N8nEngine
from integrations.models import Integration, Run
from integrations.services import cells, comparing, expectations, logs, remedies, steps
from integrations.services.comparing import Change, Kind
from integrations.services.integrations import NewCredential
from integrations.services.remedies import Remedy
from integrations.services.steps import Name, Standing
from integrations.testing import KEY, fake_connector, follow
from integrations.web import words

MakeRun = Callable[..., Run]


@pytest.fixture
def counts_nothing(settings: LazySettings) -> None:
    """An engine that says nothing of how far it is, as n8n."""
    settings.ENGINES = {**settings.ENGINES, "n8n": "integrations.engines.n8n.engine.N8nEngine"}
    assert not N8nEngine.tells_progress


def earlier(run: Run, *seconds: float, ahead: bool = False) -> None:
    """Runs of the same integration that went well and took so long."""
    for number, took in enumerate(seconds, 1):
        at = run.queued_at + timedelta(hours=number if ahead else -number)
        fields = {"state": "succeeded", "trigger": "api", "connector_version": "1", "queue": "n8n", "due_at": None}
        times = {"queued_at": at, "started_at": at, "finished_at": at + timedelta(seconds=took)}
        Run.everywhere.create(tenant_id=run.tenant_id, integration=run.integration, **fields, **times)


def at_work(run: Run, seconds: float, **progress: Any) -> Run:
    run.asked_at = timezone.now() - timedelta(seconds=seconds)
    run.state, run.handle, run.progress = "running", {"x": 1}, progress
    return run


@pytest.mark.django_db
@pytest.mark.usefixtures("bells", "counts_nothing")
def test_where_the_engine_counts_nothing_the_usual_time_moves_the_bar(make_run: MakeRun) -> None:
    run = make_run(connector=fake_connector("slow", type="n8n"))
    assert expectations.bar(run) is None
    assert expectations.bar(at_work(run, 10)).share is None
    earlier(run, 100, 90, 5000)
    shares = [expectations.bar(at_work(run, seconds)).share for seconds in (0, 50, 100, 200, 900)]

    assert shares == pytest.approx([0.0, 0.45, 0.9, 0.963, 1.0], abs=0.001)
    assert shares == sorted(shares)


@pytest.mark.django_db
@pytest.mark.usefixtures("bells", "counts_nothing")
def test_what_ends_meanwhile_does_not_move_the_bar_back(make_run: MakeRun) -> None:
    run = make_run(connector=fake_connector("slow", type="n8n"))
    earlier(run, 100)
    earlier(run, 9000, 9000, 9000, ahead=True)

    assert expectations.usual_seconds(run) == 100


@pytest.mark.django_db
@pytest.mark.usefixtures("bells")
def test_where_the_engine_counts_the_usual_time_is_no_stand_in(make_run: MakeRun) -> None:
    run = make_run()
    earlier(run, 10)

    assert expectations.bar(at_work(run, 9)).share is None
    assert expectations.bar(at_work(run, 9, done=1, total=4)).share == 0.25


@pytest.mark.django_db
@pytest.mark.usefixtures("bells")
def test_steps_tell_what_took_how_long(make_run: MakeRun) -> None:
    run = follow(make_run({"rows": [{"a": 1}]}))
    run.steps = {"wait": 1, "start": 0.5, "engine": 3.5, "land": 0.25}

    assert [step.standing for step in steps.steps(run)] == [Standing.DONE] * 4
    assert [step.seconds for step in steps.steps(run)][1:] == [0.5, 3.0, 0.25]


@pytest.mark.parametrize(
    ("values", "here", "standing"),
    [
        ({"state": "queued"}, Name.WAIT, Standing.NOW),
        ({"state": "starting", "asked_at": timezone.now()}, Name.START, Standing.NOW),
        ({"state": "running", "asked_at": timezone.now(), "handle": {"a": 1}}, Name.WORK, Standing.NOW),
        ({"state": "cancelled"}, Name.WAIT, Standing.ENDED),
        ({"state": "lost", "asked_at": timezone.now(), "handle": {"a": 1}}, Name.WORK, Standing.ENDED),
        ({"state": "failed", "handle": {"a": 1}, "steps": {"engine": 2}}, Name.LAND, Standing.ENDED),
    ],
)
def test_a_run_stands_in_one_step(values: dict[str, Any], here: Name, standing: Standing) -> None:
    found = {step.name: step.standing for step in steps.steps(Run(**values))}

    assert found[here] == standing
    assert [each for each in found.values() if each in (Standing.NOW, Standing.ENDED)] == [standing]


@pytest.mark.django_db
@pytest.mark.usefixtures("bells")
@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (Failure("credential_refused", Origin.SETTINGS, "m"), Remedy.CREDENTIAL),
        (Failure("secret_unresolved", Origin.SETTINGS, "m"), Remedy.CREDENTIAL),
        (Failure("odd", Origin.SERVICE, "m", detail={"http_status": 401}), Remedy.CREDENTIAL),
        (Failure("not_found", Origin.SETTINGS, "m"), Remedy.SETTINGS),
        (Failure("timed_out", Origin.SETTINGS, "m"), Remedy.SETTINGS),
        (Failure("service_failed", Origin.SERVICE, "m", retryable=True), Remedy.RETRY),
        (Failure("lost", Origin.ENGINE, "m"), Remedy.RETRY),
        (Failure("hub_error", Origin.HUB, "m"), Remedy.RETRY),
        (None, Remedy.RETRY),
    ],
)
def test_the_remedy_fits_whose_side_the_failure_is_on(
    make_integration: Callable[..., Integration], failure: Failure | None, expected: Remedy
) -> None:
    connector = fake_connector("keyed", credential=KEY)
    integration = make_integration(connector=connector, credential=NewCredential("one", {"key": "x"}))
    run = Run(integration=integration, state="failed", failure=failure and failure.as_json())

    assert remedies.remedy(run) == expected
    run.integration.credential_id = None
    assert remedies.remedy(run) != Remedy.CREDENTIAL


def test_what_has_not_ended_or_ended_well_needs_no_remedy() -> None:
    assert remedies.remedy(Run(state="running")) is None
    assert remedies.remedy(Run(state="succeeded")) is None


def test_changes_of_settings_are_named_by_their_path_and_hold_no_secret() -> None:
    before = {"a": 1, "deep": {"x": [1], "key": {"set": True}}, "gone": None}
    after = {"a": 1, "deep": {"x": [2], "key": {"set": True}}, "new": {"set": True}}

    assert comparing.settings(before, after) == [
        Change(Kind.CHANGED, "deep.x", [1], [2]),
        Change(Kind.REMOVED, "gone", before=None),
        Change(Kind.ADDED, "new", after="•••"),
    ]


def test_a_value_is_short_and_what_is_long_or_nested_unfolds() -> None:
    assert cells.cell(None).kind == "null"
    assert (cells.cell(True).text, cells.cell(0).text, cells.cell("")) == ("true", "0", cells.Cell("", "text"))
    long = cells.cell("山" * 9000)
    assert (len(long.text), len(long.more), long.is_cut) == (cells.SHORT, cells.LONGEST, True)
    assert cells.cell({"a": 1}).text == '{"a": 1}'
    assert cells.cell({"a": "x" * 99}).more.startswith('{\n  "a"')
    assert cells.cell("two\nlines").more == "two\nlines"


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("BIGINT", "number"),
        ("DECIMAL(18,2)", "number"),
        ("TIMESTAMP WITH TIME ZONE", "time"),
        ("VARCHAR[]", "list"),
        ("STRUCT(a BIGINT)", "nested"),
        ("STRUCT(a BIGINT)[]", "list"),
        ("JSON", "nested"),
        ("BOOLEAN", "truth"),
        ("", "nested"),
    ],
)
def test_types_are_few_words(type_: str, kind: str) -> None:
    assert cells.kind_of(type_) == kind


def test_lines_are_as_bad_as_they_say() -> None:
    lines = ["INFO a", "W: Warning b", "x: 3 items in 2 ms, failed: no", "ValueError: x", "\tat Java", "", "errors: 0"]

    assert logs.levels(lines) == ["info", "warning", "error", "error", "error", "info", "info"]


def test_every_state_has_its_look_and_every_word_can_be_translated() -> None:
    assert {state.label for state in RunState} == set(words.STATES)
    assert {trigger.label for trigger in Trigger} == set(words.TRIGGERS)
    assert {origin.label for origin in Origin} == set(words.SIDES)
    assert {name.label for name in Name} == set(words.STEPS)
    assert {kind.value for kind in Kind} == set(words.CHANGES)
    assert {kind for kind, _ in cells.FAMILIES} | {"list", "nested"} == set(words.KINDS)
    assert {state.tone for state in RunState} == set(Tone)
