"""The platform's own pages: the dashboard, the engines, and the editor of schemas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from integrations.tests.browser.visitor import Visitor, flaws, overflow

pytestmark = [pytest.mark.browser]
AXE = Path(settings.PACKAGES_DIR) / "axe-core" / "axe.min.js"
PAGES = {
    "dashboard": "/admin/",
    "engines": "/admin/engines",
    "connectors": "/admin/connectors/connector/",
    "connector": "/admin/connectors/connector/add/",
    "import": "/admin/connectors/connector/import",
    "spark-job": "/admin/connectors/sparkjob/add/",
    "runs": "/admin/integrations/run/",
}
SCHEMA = """{
  "properties": {
    "token": {"type": "string", "title": "Your token", "writeOnly": true},
    "mode": {"type": "string", "title": "Which rows", "enum": ["all", "new"]}
  },
  "if": {"properties": {"mode": {"const": "new"}}, "required": ["mode"]},
  "then": {"properties": {"since": {"type": "string", "format": "date", "title": "New since"}}}
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_of_the_platform_fits_every_window_and_axe_finds_nothing(
    visit: Callable[..., Visitor], login: dict[str, str], name: str, theme: str, screenshots: Path
) -> None:
    visitor = visit(color_scheme=theme)
    visitor.sign_in(login)
    for width in (1440, 768, 375):
        visitor.page.set_viewport_size({"width": width, "height": 900})
        assert visitor.go(PAGES[name]).status == 200
        visitor.page.wait_for_load_state("networkidle")
        visitor.page.screenshot(path=screenshots / f"platform-{name}-{width}-{theme}.png", full_page=True)
        assert flaws(visitor.page, AXE.read_text()) == []
        assert overflow(visitor.page) == 0, width


def test_the_form_of_a_schema_is_shown_while_it_is_typed(page: Page) -> None:
    page.goto(PAGES["connector"])
    page.get_by_role("textbox", name="Schema").fill(SCHEMA)
    form = page.frame_locator("iframe[name=hub-preview]")
    expect(form.get_by_label("Your token")).to_have_attribute("type", "password")

    form.get_by_label("Which rows").select_option("new")

    expect(form.get_by_label("New since")).to_be_visible()


def test_an_error_is_shown_at_its_line_and_leads_there(page: Page) -> None:
    page.goto(PAGES["connector"])
    text = page.get_by_role("textbox", name="Schema")
    text.fill(SCHEMA.replace('"format": "date"', '"format": "colour"'))

    expect(page.get_by_role("status").filter(has_text="1 to mend")).to_be_visible()
    expect(page.locator(".hub-gutter .is-bad")).to_have_text("7")
    page.get_by_role("button", name="Line 7").click()

    chosen = text.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert "colour" in chosen
    text.fill(SCHEMA)
    expect(page.get_by_role("status").filter(has_text="No errors")).to_be_visible()
    expect(page.locator(".hub-gutter .is-bad")).to_have_count(0)


def test_a_schema_of_a_thousand_lines_is_pasted_in_an_instant(page: Page) -> None:
    page.goto(PAGES["connector"])
    fields = ",\n".join(f'  "f{number}": {{\n "title": "F"}}' for number in range(500))
    page.get_by_role("textbox", name="Schema").fill(f'{{"properties": {{\n{fields}\n}}}}')
    expect(page.locator(".hub-gutter span").last).to_have_text("1002")
    expect(page.get_by_role("status").filter(has_text="No errors")).to_be_visible()
