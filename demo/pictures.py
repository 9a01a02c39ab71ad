"""Take the README's pictures of the demo, in a hub of its own: `python -m demo.pictures`."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from demo.__main__ import allow_service, show
from demo.job import FLIGHTS
from embedded.environment import ROOT
from embedded.n8n.server import free_port
from embedded.up import running

FOLDER = ROOT / "docs" / "images"
WINDOW = ViewportSize(width=1280, height=800)
MOST_BYTES = 150_000
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main() -> int:
    program = shutil.which("chromium")
    if program is None:
        print("The pictures need Chromium: `make browser` says how to get it.", file=sys.stderr)
        return 1
    allow_service()
    with tempfile.TemporaryDirectory(prefix="hub-pictures-", ignore_cleanup_errors=True) as folder:
        os.environ["HUB_VAR_DIR"] = folder
        with running(free_port()) as hub:
            if code := show(hub):
                return code
            login = json.loads((hub.var / "demo.json").read_text())
            return take(program, login, FOLDER)


def take(program: str, login: dict[str, str], folder: Path) -> int:
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = browser.new_context(base_url=login["url"], viewport=WINDOW, color_scheme="light")
        page = context.new_page()
        sign_in(page, login)
        for name, go in {"gallery": gallery, "wizard": wizard, "run": run}.items():
            go(page)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{name}.png")
        browser.close()
    return demand_small(folder)


def sign_in(page: Page, login: dict[str, str]) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(login["email"])
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def gallery(page: Page) -> None:
    page.goto("/connectors/")


def wizard(page: Page) -> None:
    """The options of an API, on the account that the demo made."""
    page.goto("/connectors/rest_api")
    page.get_by_role("button", name="Set up").click()
    page.get_by_text("Sample service").first.click()
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_label("Base URL").fill("https://api.example.com/v1")
    page.get_by_label("Path", exact=True).fill("orders")
    page.get_by_text("Page numbers", exact=True).click()
    page.get_by_label("Base URL").focus()


def run(page: Page) -> None:
    page.goto("/runs/")
    page.get_by_role("link", name=FLIGHTS).first.click()
    page.get_by_role("link", name="Rows", exact=True).click()
    page.locator("table.cells").wait_for()


def demand_small(folder: Path) -> int:
    large = [path.name for path in folder.glob("*.png") if path.stat().st_size > MOST_BYTES]
    if large:
        print(f"Larger than {MOST_BYTES:,} bytes: {', '.join(large)}.", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
