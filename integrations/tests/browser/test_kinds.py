"""The wizard with every kind of field, as a person fills it in."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from integrations.tests.browser.visitor import Visitor
from integrations.tests.processes.hub import Hub

pytestmark = [pytest.mark.browser]
SECRET = "planted-and-long"
TYPED = {
    "Code": "ABC",
    "Notes": "Two\nlines & <b>more</b>",
    "Query": "select 1",
    "Home page": "https://example.com/a",
    "Mail": "ada@example.com",
    "Since": "2026-01-31",
    "Share": "0.25",
    "Full name": "Zoë Łukasz",
    "Loaded": "by hand",
    "Anything": '{"a": [1, null]}',
    "Maybe": "perhaps",
    "Grouped": "one",
}
EXPECTED = {
    "code": "ABC",
    "notes": "Two\nlines & <b>more</b>",
    "query": "select 1",
    "home": "https://example.com/a",
    "mail": "ada@example.com",
    "since": "2026-01-31",
    "at": "2026-02-01T09:30:00+01:00",
    "count": 5,
    "share": 0.25,
    "quick": True,
    "mode": "new",
    "key_field": "id",
    "region": "asia",
    "level": 2,
    "days": ["mo", "we"],
    "tags": ["second", "first"],
    "rules": [{"field": "name"}],
    "headers": {"X-One": "1"},
    "person": {"name": "Zoë Łukasz"},
    "limits": {"most": 9},
    "source": {"kind": "file", "path": "/in"},
    "list": "people",
    "anything": {"a": [1, None]},
    "maybe": "perhaps",
    "rare": "seldom",
    "grouped": "one",
    "unseen": "kept",
}


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


def fill(page: Page) -> None:
    for label, text in TYPED.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Count", exact=True).fill("5")
    page.get_by_label("Exactly at", exact=True).fill("2026-02-01T09:30:00")
    page.get_by_label("Time zone, such as Europe/Berlin or +01:00").fill("Europe/Berlin")
    page.get_by_label("Quick", exact=True).check()
    page.get_by_label("Region", exact=True).select_option("asia")
    page.get_by_label("High", exact=True).or_(page.get_by_label("Level", exact=True)).first.wait_for()
    level = page.get_by_label("Level", exact=True)
    level.select_option(label="High")
    for day in ("mo", "we"):
        page.get_by_role("checkbox", name=day, exact=True).check()


def test_every_kind_of_field_comes_back_as_it_was_filled_in(page: Page, site: Hub) -> None:
    options(page)
    fill(page)

    page.get_by_role("radio", name="new", exact=True).check()  # brings a field that is demanded
    page.get_by_label("Key field").fill("id")
    page.get_by_text("A table", exact=True).click()
    page.get_by_label("Table name").fill("typed for the other one")
    page.get_by_text("A file", exact=True).click()
    page.get_by_label("File path").fill("/in")
    page.get_by_text("A table", exact=True).click()
    expect(page.get_by_label("Table name")).to_have_value("typed for the other one")
    page.get_by_text("A file", exact=True).click()
    expect(page.get_by_label("File path")).to_have_value("/in")

    tags = page.get_by_role("group", name="Tags").get_by_role("textbox")
    for number, tag in enumerate(("first", "second")):
        page.get_by_role("button", name="Add Tag").click()
        expect(tags).to_have_count(number + 1)
        tags.last.fill(tag)
    page.get_by_role("button", name="Move row 2 up").click()
    page.get_by_role("button", name="Add Rule").click()
    page.get_by_label("Field", exact=True).fill("name")
    page.get_by_role("button", name="Add an entry").click()
    page.get_by_label("Name of entry 1").fill("X-One")
    page.get_by_role("group", name="Headers").get_by_role("textbox").last.fill("1")
    page.get_by_role("button", name="Set up Limits").click()
    page.get_by_label("Most", exact=True).fill("9")
    page.get_by_role("button", name="Load choices").click()
    page.get_by_role("combobox", name="Loaded", exact=True).select_option("people")
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Rare", exact=True).fill("seldom")

    go_on(page)
    page.wait_for_url("**/schedule")
    page.get_by_label("Name", exact=True).fill(f"Every kind {secrets.token_hex(3)}")
    go_on(page)
    page.get_by_role("button", name="Create", exact=True).click()
    page.wait_for_url("**/integrations/*")
    made = site.get(f"/api/v1/integrations/{page.url.rsplit('/', 1)[-1]}")
    assert made["config"] == EXPECTED
    assert SECRET not in page.content()


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
