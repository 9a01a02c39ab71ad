from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.domain import RunState, Trigger
from integrations.models import Integration, Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
HTMX = {"HX-Request": "true"}


def add(integration: Integration, state: str = "succeeded", *, age: int = 0, **fields: object) -> Run:
    at = timezone.now() - timedelta(minutes=age)
    values = {"trigger": "manual", "connector_version": "1", "queue": "fake", "due_at": None, "queued_at": at, **fields}
    return Run.everywhere.create(tenant_id=integration.tenant_id, integration=integration, state=state, **values)


def shown(client: Client, query: str = "", **headers: str) -> list[str]:
    content = client.get(f"/runs/?{query}", headers=headers).content.decode()
    return re.findall(r'href="/runs/([0-9a-f-]{36})"', content)


def ids(*runs: Run) -> list[str]:
    return [str(run.pk) for run in runs]


def test_runs_are_listed_newest_first(viewer: Client, make_integration: Callable[..., Integration]) -> None:
    one, two = make_integration(name="Flights"), make_integration(name="Picks")
    old, new = add(one, age=5), add(two, age=1)

    assert shown(viewer) == ids(new, old)


@pytest.mark.parametrize("state", list(RunState))
def test_a_state_stands_there_as_a_word_with_an_icon(
    viewer: Client, make_integration: Callable[..., Integration], state: RunState
) -> None:
    add(make_integration(), state)
    pill = re.search(rf'<span class="state state-{state.tone}">\s*<svg.*?</svg>\s*(.*?)\s*</span>', page(viewer), re.S)

    assert pill and pill[1] == state.label


def page(client: Client, query: str = "") -> str:
    return client.get(f"/runs/?{query}").content.decode()


def test_state_trigger_and_integration_narrow_the_list(
    viewer: Client, make_integration: Callable[..., Integration]
) -> None:
    one, two = make_integration(name="Flüge 山"), make_integration(name="Picks")
    lost, running = add(one, "lost", age=3), add(two, "running", age=2, trigger="schedule")
    timed_out = add(two, "timed_out", age=1, trigger="api")

    assert shown(viewer, "state=failed") == ids(timed_out, lost)
    assert shown(viewer, "state=active") == ids(running)
    assert shown(viewer, "state=lost") == ids(lost)
    assert shown(viewer, "trigger=schedule") == ids(running)
    assert shown(viewer, f"integration={one.pk}") == ids(lost)
    assert shown(viewer, "q=fl%C3%BCge") == ids(lost)
    assert shown(viewer, "q=picks&state=failed&trigger=api") == ids(timed_out)


def test_a_run_that_somebody_wants_ended_is_shown_as_cancelling_at_once(
    viewer: Client, make_integration: Callable[..., Integration]
) -> None:
    add(make_integration(), "running", cancel_requested_at=timezone.now())

    assert "Cancelling" in page(viewer)


def test_pages_hold_each_run_once(viewer: Client, make_integration: Callable[..., Integration]) -> None:
    integration, at = make_integration(), timezone.now()
    for _ in range(120):
        add(integration, queued_at=at)
    found, address = [], "/runs/"
    while address:
        content = viewer.get(address).content.decode()
        found += re.findall(r'href="/runs/([0-9a-f-]{36})"', content)
        older = re.search(r'href="([^"]*)"\s+rel="next"', content)
        address = older[1].replace("&amp;", "&") if older else ""

    assert len(found) == len(set(found)) == 120


def test_pages_of_several_states_go_on_and_back_in_one_order(
    viewer: Client, make_integration: Callable[..., Integration]
) -> None:
    integration, states = make_integration(), ("failed", "lost", "timed_out")
    runs = [add(integration, states[number % 3], age=number // 2) for number in range(30)]
    address, pages = "/runs/?state=failed&page_size=7", []
    while address:
        content = viewer.get(address).content.decode()
        pages.append(re.findall(r'href="/runs/([0-9a-f-]{36})"', content))
        links = dict(re.findall(r'href="([^"]*)"\s+rel="(next|prev)"', content))
        rels = {rel: link.replace("&amp;", "&") for link, rel in links.items()}
        address = rels.get("next", "")
    back = shown(viewer, rels["prev"].partition("?")[2])

    expected = sorted(runs, key=lambda run: (run.queued_at, run.pk), reverse=True)
    assert [pk for page in pages for pk in page] == ids(*expected)
    assert back == pages[-2]


def test_htmx_gets_the_list_alone_and_the_first_page_stays_fresh(
    viewer: Client, make_integration: Callable[..., Integration]
) -> None:
    add(make_integration())
    answer = viewer.get("/runs/?state=succeeded", headers=HTMX)

    assert answer.content.decode().lstrip().startswith('<section id="runs"')
    assert 'hx-get="/runs/?state=succeeded"' in answer.content.decode()
    assert "HX-Request" in answer.headers["Vary"]


def test_nothing_that_ran_and_nothing_that_fits_say_what_to_do(
    viewer: Client, make_integration: Callable[..., Integration]
) -> None:
    assert "Nothing has run yet" in page(viewer)
    add(make_integration())
    assert "No run is like that" in page(viewer, "state=lost")


@pytest.mark.parametrize("query", ["state=x", "trigger=x", "integration=x", "q=%00", "q=" + "x" * 5000, "page_size=9"])
def test_an_address_that_makes_no_sense_is_answered_all_the_same(viewer: Client, query: str) -> None:
    assert viewer.get(f"/runs/?{query}").status_code == 200


def test_a_cursor_of_nobody_is_refused(viewer: Client) -> None:
    assert viewer.get("/runs/?cursor=odd").status_code == 400


def test_names_and_messages_are_shown_as_text(viewer: Client, make_integration: Callable[..., Integration]) -> None:
    evil = "<script>alert(1)</script>"
    add(make_integration(name=evil), "failed", failure={"message": evil})

    assert evil not in page(viewer)
    assert page(viewer).count("&lt;script&gt;alert(1)") == 2


def test_runs_of_others_are_not_shown(stranger: Client, make_integration: Callable[..., Integration]) -> None:
    run = add(make_integration())

    assert shown(stranger) == shown(stranger, f"integration={run.integration_id}") == []


def test_as_many_queries_for_many_runs_as_for_few(
    viewer: Client, make_integration: Callable[..., Integration], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        add(make_integration(), trigger=list(Trigger)[number % 5])
    with django_assert_max_num_queries(5):
        assert len(shown(viewer)) == 50
