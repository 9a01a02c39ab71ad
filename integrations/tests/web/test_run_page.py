from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.domain import EngineError, LogPage, Origin, Trigger
from integrations.engines.fake import FakeEngine
from integrations.models import Integration, Run
from integrations.services import pushing, requests, runs
from integrations.services.integrations import NewCredential
from integrations.testing import KEY, fake_connector, follow, make_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeRun = Callable[..., Run]


def page(client: Client, run: Run, query: str = "", **headers: str) -> str:
    answer = client.get(f"/runs/{run.pk}{query}", headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def part(client: Client, run: Run, target: str, query: str = "") -> str:
    return page(client, run, query, **{"HX-Request": "true", "HX-Target": target})


def figures(content: str) -> dict[str, str]:
    pairs = re.findall(r"<dt>([^<]*)</dt>\s*<dd>(.*?)</dd>", content, re.S)
    return {name: " ".join(re.sub(r"<[^>]*>", " ", value).split()) for name, value in pairs}


def failing(**failure: Any) -> dict[str, Any]:
    return {"failure": {"message": "It broke.", "fix": "Mend it.", "origin": Origin.SERVICE, **failure}}


def begun(make_run: MakeRun, config: dict[str, Any] | None = None, **options: Any) -> Run:
    """A run that its engine works on."""
    run = make_run({"seconds": 600, **(config or {})}, **options)
    runs.advance([run.pk])
    run.refresh_from_db()
    return run


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.STEP_SECONDS = 0.05


def test_a_run_that_ended_well_says_what_it_brought(viewer: Client, make_run: MakeRun) -> None:
    run = follow(make_run({"rows": [{"a": n} for n in range(1200)]}, trigger=Trigger.SCHEDULE))
    told = figures(page(viewer, run))

    assert (told["Rows"], told["Trigger"], told["Attempt"]) == ("1,200", "Schedule", "1 of 3")
    assert "bytes" in told["Size"] or "KB" in told["Size"]
    assert "Ended" in told
    assert "run-events" not in page(viewer, run) and "data-events" not in page(viewer, run)


def test_a_run_at_work_ticks_shows_life_and_can_be_watched(viewer: Client, make_run: MakeRun) -> None:
    run = begun(make_run)
    content = page(viewer, run)

    assert f'data-events="/api/v1/runs/{run.pk}/events"' in content
    assert re.search(r"<time datetime=[^>]* data-since>", content)
    assert figures(content)["Last sign of life"] == "now"
    assert '<meta http-equiv="refresh"' in content
    assert re.search(r"<li class=\"is-now\".*?Engine at work", content, re.S)


def test_what_an_engine_counts_moves_the_bar(viewer: Client, make_run: MakeRun) -> None:
    run = begun(make_run)
    Run.everywhere.filter(pk=run.pk).update(progress={"done": 30, "total": 120, "unit": "tasks", "message": "Stage 2"})
    content = part(viewer, run, "run")

    assert "30 of 120 tasks" in content
    assert 'value="0.2500"' in content


def test_a_failure_says_what_happened_on_whose_side_and_what_to_do(operator: Client, make_run: MakeRun) -> None:
    run = follow(make_run(failing(step="Fetch", detail={"status": 500})))
    content = page(operator, run)

    assert figures(content)["Whose side"] == "The service · step Fetch"
    assert figures(content)["What to do"] == "Mend it."
    assert f'action="/runs/{run.pk}/retry"' in content
    assert re.search(
        r"<details[^>]*>\s*<summary>In detail</summary>\s*<pre[^>]*>.*&quot;status&quot;: 500", content, re.S
    )


def test_an_attempt_that_failed_is_shown_while_the_next_one_waits(viewer: Client, make_run: MakeRun) -> None:
    run = make_run(failing(retryable=True))
    runs.advance([run.pk])
    content = page(viewer, run)

    assert "An attempt failed; the next one is on its way" in content
    assert re.search(r"Attempt 2 begins .*from now", content)


def test_cancel_says_what_is_there_and_cancelling_stands_until_it_is_true(operator: Client, make_run: MakeRun) -> None:
    integration = follow(make_run({"rows": [{"a": 1}, {"a": 2}]})).integration
    Integration.everywhere.filter(pk=integration.pk).update(config={"seconds": 600})
    integration.refresh_from_db()
    run = requests.request(integration=integration, trigger=Trigger.MANUAL)[0]
    runs.advance([run.pk])
    asked = page(operator, run)
    assert "The engine is at work" in asked and re.search(r"The 2 rows that landed .* are kept", asked)

    assert operator.post(f"/runs/{run.pk}/cancel").headers["Location"] == f"/runs/{run.pk}"
    wished = page(operator, run)
    assert "Cancelling" in wished and f"/runs/{run.pk}/cancel" not in wished

    follow(run)
    ended = page(operator, run)
    assert "It was cancelled" in ended and "none of this one's did" in ended
    assert f'action="/runs/{run.pk}/retry"' in ended


def test_cancel_tells_of_rows_that_came_already(operator: Client, make_run: MakeRun) -> None:
    run = begun(make_run)
    for number in (1, 2):
        pushing.keep(run=run, page=number, body=b'{"a": 1}')

    assert "2 pages of rows that came already are dropped" in page(operator, run)


def test_retry_leads_to_the_new_run(operator: Client, make_run: MakeRun) -> None:
    run = follow(make_run(failing()))
    new = operator.post(f"/runs/{run.pk}/retry").headers["Location"].rpartition("/")[2]

    assert new != str(run.pk)
    assert Run.everywhere.get(pk=new).trigger == Trigger.RETRY
    assert "Retry" in figures(operator.get(f"/runs/{new}").content.decode())["Trigger"]


def test_a_wish_that_comes_too_late_is_told(operator: Client, make_run: MakeRun) -> None:
    run = follow(make_run({"rows": []}))
    answer = operator.post(f"/runs/{run.pk}/cancel", follow=True)

    assert "The run has already ended: succeeded." in answer.content.decode()


def test_viewers_see_no_buttons(viewer: Client, make_run: MakeRun) -> None:
    for run in (begun(make_run), follow(make_run(failing())), follow(make_run({"rows": []}))):
        content = page(viewer, run)
        assert "/cancel" not in content and "/retry" not in content


def test_the_log_is_shown_searched_and_sorted_by_how_bad_its_lines_are(viewer: Client, make_run: MakeRun) -> None:
    run = follow(make_run({"rows": []}))
    lines = ["GET /page/1", "26/11/30 WARN slow", "ERROR refused <b>", "  at line 3", "Ünïcode 山"]
    Run.everywhere.filter(pk=run.pk).update(log=lines)
    levels = re.findall(r'<li data-level="(\w+)">([^<]*)</li>', page(viewer, run))

    assert [level for level, _ in levels] == ["info", "warning", "error", "error", "info"]
    assert levels[2][1] == "ERROR refused &lt;b&gt;"
    assert page(viewer, run, "?level=error&cursor=").count("<li data-level") == 2
    assert page(viewer, run, "?words=%C3%BCn%C3%AF&cursor=").count("<li data-level") == 1
    assert "No line is like that" in page(viewer, run, "?words=nowhere&cursor=")


def test_nobody_waits_for_an_engine_to_see_the_page(
    viewer: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(make_run)
    asked: list[str] = []

    def logs(self: FakeEngine, handle: Any, cursor: str) -> LogPage:
        asked.append(cursor)
        raise EngineError("secret words", retryable=True, fix="Start it.")

    monkeypatch.setattr(FakeEngine, "logs", logs)
    assert "Asking the engine for its log" in page(viewer, run)
    assert asked == []
    content = part(viewer, run, "tab")
    assert "Start it." in content and "secret words" not in content


def test_a_long_log_comes_in_pieces_and_downloads_whole(
    viewer: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def logs(self: FakeEngine, handle: Any, cursor: str) -> LogPage:
        start = int(cursor or 0)
        return LogPage(tuple(f"line {n}" for n in range(start, start + 400)), str(start + 400), start >= 2000)

    run = begun(make_run)
    Run.everywhere.filter(pk=run.pk).update(state="failed", due_at=None)
    monkeypatch.setattr(FakeEngine, "logs", logs)
    first = part(viewer, run, "tab")
    assert first.count("<li data-level") == 1200 and "cursor=1200" in first
    assert "line 1200<" in part(viewer, run, "log-more", "?cursor=1200")

    answer = viewer.get(f"/runs/{run.pk}/log/download")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="run-{run.pk}.log"'
    assert answer.getvalue().decode().splitlines() == [f"line {n}" for n in range(2400)]


def test_secrets_stand_nowhere_on_the_page(admin: Client, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = {"type": "string", "writeOnly": True}
    config = {"type": "object", "properties": {"salt": secret, "path": {"type": "string"}}}
    connector = fake_connector("salted", schema={"credential": KEY, "config": config})
    options = {"connector": connector, "credential": NewCredential("one", {"key": "t0p-secret"})}
    run = make_run({"salt": "s4lt-in-config", "path": "/x"}, **options)
    monkeypatch.setattr(FakeEngine, "logs", lambda *_: LogPage(("sent t0p-secret",), "1", is_last=True))
    runs.advance([run.pk])
    Run.everywhere.filter(pk=run.pk).update(handle={"dir": "/nowhere", "ends_at": 0, "seconds": 1})
    whole = "".join(part(admin, run, "tab", f"?tab={tab}") for tab in ("log", "settings", "rows", "comparison"))

    assert "sent •••" in whole and "&quot;path&quot;: &quot;/x&quot;" in whole
    assert "t0p-secret" not in whole and "s4lt-in-config" not in whole
    assert b"t0p-secret" not in admin.get(f"/runs/{run.pk}/log/download").getvalue()


def test_rows_are_a_table_in_pages(viewer: Client, make_run: MakeRun) -> None:
    rows = [{"n": n, "who": {"name": "Zoë 山", "tags": ["a"] * 20}, "text": "x" * 500} for n in range(70)]
    run = follow(make_run({"rows": rows}))
    content = part(viewer, run, "tab", "?tab=rows")

    assert "Rows 1 to 50 of 70" in content and content.count("<tr>") == 51
    assert re.search(r'<th scope="col" class="is-number" title="BIGINT">\s*n <span class="kind">number</span>', content)
    assert re.search(r"<details>\s*<summary>[^<]*Zoë 山", content)
    assert "Rows 51 to 70 of 70" in part(viewer, run, "tab", "?tab=rows&offset=50")
    assert "There are no rows here" in part(viewer, run, "tab", "?tab=rows&offset=99999999999")


def test_a_run_is_compared_with_the_last_one_that_went_well(viewer: Client, make_run: MakeRun) -> None:
    good = follow(make_run({"rows": [{"a": 1, "b": 2}], "path": "/old", "deep": {"x": 1}}))
    changed = {"rows": [{"a": "one", "c": 3}], "path": "/new", "deep": {"x": 2}, "added": True}
    Integration.everywhere.filter(pk=good.integration_id).update(config=changed)
    good.integration.refresh_from_db()
    run = follow(requests.request(integration=good.integration, trigger=Trigger.MANUAL)[0])
    content = part(viewer, run, "tab", "?tab=comparison")
    found = re.findall(r'<li class="is-(\w+)">.*?<code>([^<]*)</code>', content, re.S)

    assert {("changed", "path"), ("changed", "deep.x"), ("added", "added")} <= set(found)
    assert {("changed", "a"), ("removed", "b"), ("added", "c")} <= set(found)
    assert f'href="/runs/{good.pk}"' in content
    assert "nothing to compare it with" in part(viewer, good, "tab", "?tab=comparison")


def test_the_runs_around_it_are_one_step_away(viewer: Client, make_integration: Callable[..., Integration]) -> None:
    integration, at = make_integration({"rows": []}), timezone.now()
    three = [requests.request(integration=integration, trigger=Trigger.API)[0] for _ in range(3)]
    Run.everywhere.filter(pk__in=[run.pk for run in three]).update(queued_at=at)
    three.sort(key=lambda run: run.pk)
    links = re.findall(r'href="/runs/([0-9a-f-]{36})"\s+rel="(\w+)"', page(viewer, three[1]))
    assert {rel: pk for pk, rel in links} == {"prev": str(three[0].pk), "next": str(three[2].pk)}


def test_words_of_others_are_shown_as_text(viewer: Client, make_run: MakeRun) -> None:
    evil = "<script>alert(1)</script>"
    run = follow(make_run({**failing(message=evil, fix=evil, step=evil, detail={"x": evil}), "path": evil}, name=evil))
    Run.everywhere.filter(pk=run.pk).update(log=[evil], note=evil)
    follow(make_due(run) or run)
    whole = "".join(page(viewer, run, f"?tab={tab}") for tab in ("log", "settings", "rows", "comparison"))

    assert evil not in whole


def test_a_run_of_others_is_not_there(stranger: Client, make_run: MakeRun) -> None:
    run = make_run()
    for path in ("", "?tab=rows", "/log/download"):
        assert stranger.get(f"/runs/{run.pk}{path}").status_code == 404
    assert stranger.post(f"/runs/{run.pk}/cancel").status_code == 404
    run.refresh_from_db()
    assert run.cancel_requested_at is None


@pytest.mark.parametrize("tab", ["log", "rows", "settings", "comparison"])
def test_a_page_asks_the_same_number_of_questions_whatever_ran_before(
    viewer: Client, make_run: MakeRun, django_assert_max_num_queries: DjangoAssertNumQueries, tab: str
) -> None:
    run = follow(make_run({"rows": [{"a": 1}]}))
    for number in range(30):
        fields = {"state": "succeeded", "trigger": "api", "connector_version": "1", "queue": "fake", "due_at": None}
        at = timezone.now() - timedelta(hours=number)
        Run.everywhere.create(tenant_id=run.tenant_id, integration=run.integration, queued_at=at, **fields)
    with django_assert_max_num_queries(13):
        page(viewer, run, f"?tab={tab}")
