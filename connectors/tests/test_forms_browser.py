from __future__ import annotations

import shutil

import pytest
from django.urls import clear_url_caches, set_urlconf
from playwright.sync_api import expect, sync_playwright

from connectors.tests import form_page

pytestmark = pytest.mark.browser
WAYS = ["at once", "without JavaScript"]


@pytest.fixture
def open_form(settings):
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: `make browser` says how to get it.")
    settings.ROOT_URLCONF = form_page.__name__
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = False
    clear_url_caches()
    form_page.held.clear()
    server, complaints = form_page.serve(), []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])

        def go(way="at once", **options):
            page = browser.new_page(java_script_enabled=way == "at once", **options)
            page.set_default_timeout(15_000)
            page.on("console", lambda message: complaints.append(told(message)) if message.type == "error" else None)
            page.goto(f"http://127.0.0.1:{server.server_port}/form")
            return page

        yield go
        browser.close()
    server.shutdown()
    clear_url_caches()
    set_urlconf(None)
    assert complaints == []


def told(message):
    return f"{message.location.get('url')}: {message.text}"


def show_fields(page, way):
    if way != "at once":
        page.get_by_role("button", name="Show its fields").first.click()


@pytest.mark.parametrize("way", WAYS)
def test_a_person_chooses_fills_in_and_saves(open_form, way):
    page = open_form(way)
    page.get_by_label("Address").fill("https://example.com")
    page.get_by_text("User and password", exact=True).click()
    show_fields(page, way)
    page.get_by_label("User", exact=True).fill("ann")
    page.locator("[name='form/auth/password']").fill("S3CRET")
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Name", exact=True).fill("Accept")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#saved")).to_be_visible()
    assert form_page.held["value"]["auth"] == {"type": "basic", "user": "ann", "password": "S3CRET"}
    assert form_page.held["value"]["headers"] == [{"name": "Accept"}]
    assert "S3CRET" not in page.content() and page.get_by_text("Entered, kept").count() == 1


@pytest.mark.parametrize("way", WAYS)
def test_a_condition_shows_its_field(open_form, way):
    page = open_form(way)
    page.get_by_label("some", exact=True).check()
    if way != "at once":
        page.get_by_role("button", name="Show its fields").nth(1).click()
    expect(page.get_by_label("Filter")).to_be_visible()


def test_the_first_mistake_has_the_focus_and_enter_saves(open_form):
    page = open_form()
    page.get_by_label("Address").press("Enter")
    expect(page.get_by_label("Address")).to_be_focused()
    expect(page.locator("[id='f-form.url-errors']")).to_have_text("Address is required.")


def test_a_mistake_in_a_folded_part_is_opened_up(open_form):
    page = open_form()
    page.get_by_label("Address").fill("https://example.com")
    page.get_by_text("Advanced").click()
    page.get_by_label("Retries").fill("many")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Retries")).to_be_focused()
    assert page.get_by_label("Retries").input_value() == "many"


def test_the_focused_fields_help_stands_aside_and_a_new_row_is_begun(open_form):
    page = open_form()
    page.get_by_label("Address").focus()
    expect(page.locator("[data-help-shown]")).to_contain_text("Where the service is.")
    page.get_by_role("button", name="Add a row").click()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
