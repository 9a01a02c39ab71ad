from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from integrations.tests.browser.addresses import ADDRESSES, Made, at
from integrations.tests.browser.visitor import Visitor, flaws, overflow
from integrations.tests.processes.hub import Hub

pytestmark = [pytest.mark.browser]
AXE = Path(settings.PACKAGES_DIR) / "axe-core" / "axe.min.js"
WIDTHS = (1440, 768, 375)


@pytest.fixture(scope="module")
def made(site: Hub) -> Made:
    return Made.by(site)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_page_fits_every_window_and_axe_finds_nothing(
    visit: Callable[..., Visitor], login: dict[str, str], made: Made, address: str, theme: str, screenshots: Path
) -> None:
    visitor = visit(color_scheme=theme, reduced_motion="reduce")
    if not address.startswith(("/login", "/password/f")):
        visitor.sign_in(login)
    response = visitor.go(at(address, made))
    assert response.status == 200

    found: dict[str, Any] = {}
    for width in WIDTHS:
        visitor.page.set_viewport_size({"width": width, "height": 900})
        visitor.page.screenshot(path=screenshots / picture(address, width, theme), full_page=True)
        found[f"{width} px"] = [*flaws(visitor.page, AXE.read_text()), *too_wide(visitor.page)]
    assert not any(found.values()), found


def too_wide(page: Page) -> list[str]:
    return [f"it is {pixels} px too wide"] if (pixels := overflow(page)) else []


def picture(address: str, width: int, theme: str) -> str:
    name = address.strip("/").replace("/", "-").translate(str.maketrans("", "", "{}")) or "home"
    return f"{name}-{width}-{theme}.png"
