"""Runs watched while they run, in a real browser, from a worker of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from integrations.tests.browser.visitor import Visitor
from integrations.tests.processes.hub import Hub

pytestmark = [pytest.mark.browser]
ROWS = [{"id": n, "place": {"city": "Köln"}} for n in range(3)]


def begun(site: Hub, **config: Any) -> str:
    """A run whose engine is at work."""
    run = site.run(site.integrate("fake", {"rows": ROWS, **config}))
    site.wait_for(lambda: site.shown(run)["state"] == "running", "the engine is at work")
    return run


def state(page: Page) -> Any:
    return page.locator("#run .state")


def test_a_run_is_watched_to_its_end_without_loading_the_page_again(page: Page, site: Hub) -> None:
    run = begun(site, seconds=6)
    page.goto(f"/runs/{run}")
    page.evaluate("window.isSame = true")
    expect(state(page)).to_have_text("Running")
    first = page.locator("#run progress").evaluate("bar => bar.value")

    expect(page.locator("#run progress")).not_to_have_js_property("value", first)
    expect(state(page)).to_have_text("Succeeded", timeout=30_000)
    expect(page.locator(".log")).to_contain_text("a line of the fake engine")
    page.get_by_role("link", name="Rows", exact=True).click()
    expect(page.locator("table.cells tbody tr")).to_have_count(3)
    assert page.evaluate("window.isSame")
    assert page.url.endswith("?tab=rows")


def test_a_run_is_cancelled_and_says_so_until_it_is_true(page: Page, site: Hub) -> None:
    run = begun(site, seconds=600)
    page.goto(f"/runs/{run}")
    page.locator("#cancel > summary").click()
    expect(page.locator("#cancel")).to_contain_text("rows land only when a run ends well")
    page.get_by_role("button", name="Cancel the run").click()

    expect(state(page)).to_have_text(re.compile("Cancelling|Cancelled"))
    expect(state(page)).to_have_text("Cancelled", timeout=30_000)
    expect(page.locator("#run")).to_contain_text("It was cancelled")
    expect(page.get_by_role("button", name="Run again")).to_be_visible()


def test_what_is_unfolded_stays_so_while_the_page_is_brought_up_to_date(page: Page, site: Hub) -> None:
    run = begun(site, seconds=600)
    page.goto(f"/runs/{run}")
    page.locator("#cancel > summary").click()
    with page.expect_response(lambda answer: answer.request.headers.get("hx-target") == "run"):
        pass
    expect(page.locator("#cancel")).to_have_attribute("open", "")
    site.call("POST", f"/api/v1/runs/{run}/cancel")


def test_the_log_is_narrowed_while_one_types(page: Page, site: Hub) -> None:
    run = site.run(site.integrate("fake", {"rows": ROWS}))
    site.ended(run)
    page.goto(f"/runs/{run}")
    lines = page.locator(".log li:visible")
    expect(lines).to_have_count(1)
    page.get_by_label("Search the log").fill("nowhere")
    expect(lines).to_have_count(0)
    expect(page.get_by_text("No line is like that", exact=False).or_(page.locator("[data-log-empty]"))).to_be_visible()
    page.get_by_label("Search the log").fill("FAKE")
    expect(lines).to_have_count(1)


def test_without_scripts_a_run_is_followed_cancelled_and_its_rows_are_read(
    visit: Callable[..., Visitor], login: dict[str, str], site: Hub
) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(login)
    run = begun(site, seconds=600)
    visitor.go(f"/runs/{run}")
    visitor.page.get_by_text("Cancel", exact=True).click()
    visitor.page.get_by_role("button", name="Cancel the run").click()

    expect(state(visitor.page)).to_have_text("Cancelled", timeout=30_000)
    done = site.run(site.integrate("fake", {"rows": ROWS}))
    site.ended(done)
    visitor.go(f"/runs/{done}")
    visitor.page.get_by_role("link", name="Rows", exact=True).click()
    assert visitor.page.locator("table.cells tbody tr").count() == 3


def test_data_is_taken_away_as_a_file(page: Page, site: Hub) -> None:
    integration = site.integrate("fake", {"rows": ROWS})
    site.ended(site.run(integration))
    page.goto(f"/data/{site.get(f'/api/v1/integrations/{integration}')['dataset']}")
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as waited:
        page.get_by_role("link", name="NDJSON").click()

    assert waited.value.suggested_filename.endswith(".ndjson")
    assert len(waited.value.path().read_text(encoding="utf-8").splitlines()) == 3
