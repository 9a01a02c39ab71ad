"""The wizard with every kind of field, as a person fills it in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from integrations.tests.browser.visitor import Visitor
from integrations.tests.processes.hub import Hub

pytestmark = [pytest.mark.browser]
SECRET = "planted-and-long"


def options(page: Page) -> None:
    """Come to the options of a new integration."""
    page.goto("/connectors/kinds")
    page.get_by_role("button", name="Set up").click()
    if page.get_by_text("A new account").count():
        page.get_by_text("A new account").click()
        go_on(page)
    page.get_by_label("Key", exact=True).fill(SECRET)
    page.get_by_label("Certificate").fill("line\nline")
    go_on(page)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Next", exact=True).click()


def test_what_is_wrong_is_said_at_its_field_which_has_the_focus(page: Page) -> None:
    options(page)
    page.get_by_label("Code", exact=True).fill("abc")
    page.get_by_label("Mail", exact=True).fill("nobody")
    go_on(page)
    code = page.get_by_label("Code", exact=True)
    expect(code).to_have_attribute("aria-invalid", "true")
    expect(code).to_be_focused()
    expect(page.get_by_role("alert").first).to_contain_text("Three capital letters.")
    expect(page.get_by_label("Mail", exact=True)).to_have_value("nobody")


def test_without_a_script_fields_come_by_a_button(
    visit: Callable[..., Visitor], login: dict[str, str], site: Hub
) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(login)
    page = visitor.page
    options(page)
    page.get_by_label("Code", exact=True).fill("ABC")
    page.get_by_role("radio", name="new", exact=True).check()
    page.get_by_role("button", name="Show its fields").first.click()
    page.get_by_label("Key field").fill("id")
    page.get_by_role("button", name="Load choices").click()
    page.get_by_role("combobox", name="Loaded", exact=True).select_option("orders")
    expect(page.get_by_label("Key field")).to_have_value("id")
    page.get_by_label("Full name").fill("Ada")
    page.get_by_text("A file", exact=True).click()
    go_on(page)
    expect(page.get_by_label("File path")).to_be_visible()
    page.get_by_label("File path").fill("/in")
    go_on(page)
    page.wait_for_url("**/schedule")
