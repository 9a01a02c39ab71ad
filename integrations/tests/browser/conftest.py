from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from embedded.n8n.testing import RunningN8n
from integrations.tests.browser.visitor import ARGUMENTS, Visitor
from integrations.tests.processes.hub import Hub, running

ENGINES = {
    "n8n": "integrations.engines.n8n.engine.N8nEngine",
    "spark": "integrations.engines.spark.engine.SparkEngine",
    "fake": "integrations.engines.fake.FakeEngine",
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Ends with its module: while Playwright's loop runs, Django refuses other tests their database."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: `make browser` says how to get it.")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=ARGUMENTS)


@pytest.fixture(scope="session")
def site(n8n_server: RunningN8n) -> Iterator[Hub]:
    """A whole hub on real engines, served as `make up` serves it."""
    keys = {"N8N_URL": n8n_server.url, "N8N_API_KEY": n8n_server.key, "N8N_TEST_API_KEY": n8n_server.test_key}
    with running(ENGINES, HUB_LEASE_SECONDS="20", **keys) as hub:
        yield hub


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of the pages are kept for people to look at."""
    folder = Path(os.environ.get("HUB_SCREENSHOTS_DIR") or Path(settings.BASE_DIR) / "screenshots")
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def visit(chromium: Browser, site: Hub) -> Iterator[Callable[..., Visitor]]:
    """Open the site as somebody with a browser of a kind; whatever the browser complains of fails the test."""
    visitors: list[Visitor] = []

    def make(**options: object) -> Visitor:
        visitors.append(Visitor(chromium.new_context(base_url=f"http://127.0.0.1:{site.port}", **options)))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def login(site: Hub) -> dict[str, str]:
    """The first account, which is an admin of the hub and of its tenant."""
    return json.loads((site.var / "login.json").read_text())


@pytest.fixture
def page(visit: Callable[..., Visitor], login: dict[str, str]) -> Page:
    """A page of the signed-in admin at a desk."""
    visitor = visit(viewport={"width": 1440, "height": 900})
    visitor.sign_in(login)
    return visitor.page
