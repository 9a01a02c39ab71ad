from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from integrations.tests.browser.visitor import Visitor
from integrations.tests.processes.hub import Hub
from integrations.tests.processes.works import Service

pytestmark = [pytest.mark.browser]
PATIENCE = 90_000


@pytest.fixture(scope="module")
def key() -> str:
    return f"key{secrets.token_hex(12)}"


@pytest.fixture(scope="module")
def service(key: str) -> Iterator[Service]:
    service = Service(key)
    yield service
    service.close()


def begin(page: Page, connector: str) -> None:
    """Come to the wizard's first form: accounts that are there already are offered first."""
    page.goto(f"/connectors/{connector}")
    page.get_by_role("button", name="Set up").click()
    page.wait_for_url("**/drafts/**")
    if page.url.endswith("/account"):
        go_on(page)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Next", exact=True).click()


def test_a_newcomer_finds_spark_and_sees_pi(page: Page) -> None:
    page.goto("/connectors/")
    page.keyboard.press("/")
    page.keyboard.type("pi estim")
    page.get_by_role("link", name="Pi estimate").click()
    page.get_by_role("button", name="Set up").click()
    while not page.url.endswith("/review"):
        go_on(page)
    page.get_by_role("button", name="Create and run now").click()

    expect(page.locator("main")).to_contain_text("Succeeded", timeout=PATIENCE)
    page.get_by_role("link", name="Rows", exact=True).click()
    expect(page.locator("main")).to_contain_text("3.1")


def test_a_service_is_connected_tested_and_read_through_n8n(page: Page, service: Service, key: str, site: Hub) -> None:
    begin(page, "rest_api")
    page.get_by_label("Name of the account").fill("Sample service")
    page.get_by_text("API key", exact=True).click()
    page.get_by_label("Key", exact=True).fill(key)
    page.get_by_label("Name", exact=True).fill("X-Key")
    go_on(page)
    page.get_by_label("Base URL").fill(service.url)
    page.get_by_label("Path", exact=True).fill("keyed/rows")
    go_on(page)
    page.get_by_role("button", name="Test the connection").click()
    expect(page.locator("#stages")).to_contain_text("Find the host", timeout=PATIENCE)
    page.get_by_role("button", name="Next", exact=True).or_(page.get_by_role("button", name="Go on without")).click()
    page.get_by_label("Name", exact=True).fill("Rows of the service")
    go_on(page)
    page.get_by_role("button", name="Create and run now").click()

    expect(page.locator("main")).to_contain_text("Succeeded", timeout=PATIENCE)
    assert key not in page.content()


def test_back_and_forward_lose_nothing(page: Page) -> None:
    begin(page, "rest_api")
    page.get_by_label("Name of the account").fill("Kept")
    go_on(page)
    page.get_by_label("Base URL").fill("https://api.example.com")
    go_on(page)
    page.go_back()
    expect(page.get_by_label("Base URL")).to_have_value("https://api.example.com")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_label("Name of the account")).to_have_value("Kept")


def test_two_tabs_cannot_overwrite_each_other(visit: Callable[..., Visitor], login: dict[str, str], site: Hub) -> None:
    integration = site.integrate("fake", {"rows": []})
    visitor = visit(viewport={"width": 1440, "height": 900})
    visitor.sign_in(login)
    first, second = visitor.page, visitor.open()
    for tab in (first, second):
        tab.goto(f"/integrations/{integration}/settings")
    first.get_by_label("Name", exact=True).fill(f"First {integration[:8]}")
    first.get_by_role("button", name="Save").click()
    first.wait_for_url(f"**/integrations/{integration}")
    second.get_by_label("Name", exact=True).fill(f"Second {integration[:8]}")
    second.get_by_role("button", name="Save").click()

    expect(second.get_by_role("alert")).to_contain_text("Somebody changed it")
    expect(second.get_by_label("Name", exact=True)).to_have_value(f"Second {integration[:8]}")
    second.get_by_role("button", name="Save").click()
    second.wait_for_url(f"**/integrations/{integration}")


def test_a_run_is_watched_live_and_cancelled(page: Page, site: Hub) -> None:
    integration = site.integrate("fake", {"rows": [], "seconds": 60})
    page.goto(f"/integrations/{integration}")
    page.get_by_role("button", name="Run now").click()
    expect(page.locator("main")).to_contain_text("Running", timeout=PATIENCE)
    page.locator("summary", has_text="Cancel").or_(page.get_by_role("button", name="Cancel")).first.click()
    confirm = page.get_by_role("button", name="Cancel this run").or_(page.get_by_role("button", name="Cancel the run"))
    if confirm.count():
        confirm.first.click()
    expect(page.locator("main")).to_contain_text("Cancelled", timeout=PATIENCE)


def test_the_list_and_the_wizard_work_without_a_script(
    visit: Callable[..., Visitor], login: dict[str, str], site: Hub
) -> None:
    visitor = visit(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    visitor.sign_in(login)
    page = visitor.page
    page.goto("/connectors/")
    page.get_by_label("Search connectors").fill("deduplicate")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Deduplicate").click()
    page.get_by_role("button", name="Set up").click()
    go_on(page)
    assert page.locator('[aria-invalid="true"]').count()
    page.goto("/")
    page.get_by_label("Search integrations").fill("nothing is called so")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("main")).to_contain_text("No integration is like that")


def test_a_phone_shows_the_menu_and_the_list(visit: Callable[..., Visitor], login: dict[str, str], site: Hub) -> None:
    site.integrate("fake", {"rows": []})
    visitor = visit(viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True)
    visitor.sign_in(login)
    page = visitor.page
    expect(page.get_by_role("link", name="Connectors")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Connectors").click()
    page.wait_for_url("**/connectors/")
