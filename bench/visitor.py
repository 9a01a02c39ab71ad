"""Somebody signed in at a hub's pages, who notes how many bytes a page has and which of them come again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

from bench import hub
from bench.figures import BenchError
from bench.load import new_session

COOKIE = "sessionid"
KEPT = ("immutable", "max-age=315360000")
"""What a browser holds on to, and asks for no more."""
PARTS = {"link[rel=stylesheet]": "href", "link[rel=icon]": "href", "script[src]": "src", "img[src]": "src"}


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of a page as they are sent, compressed: at the first visit, and when its lasting parts are there."""

    first: int
    later: int


@dataclass(frozen=True, slots=True)
class Visitor:
    url: str
    session: requests.Session

    def open(self, path: str) -> None:
        answer = self.session.get(f"{self.url}{path}", timeout=90)
        if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
            raise BenchError(f"{path} was answered with {answer.status_code}.")

    def weight(self, path: str) -> Weight:
        page, size, _ = self._taken(f"{self.url}{path}")
        parts = {part: self._taken(part)[1:] for part in _parts(f"{self.url}{path}", page)}
        again = sum(bytes_ for bytes_, is_kept in parts.values() if not is_kept)
        return Weight(size + sum(bytes_ for bytes_, _ in parts.values()), size + again)

    @property
    def cookie(self) -> dict[str, str]:
        return {COOKIE: self.session.cookies[COOKIE]}

    def _taken(self, url: str) -> tuple[bytes, int, bool]:
        """What is behind an address, how many bytes it was sent as, and whether a browser keeps it."""
        with self.session.get(url, stream=True, timeout=90) as answer:
            sent = answer.raw.read(decode_content=False)
            kept = any(word in answer.headers.get("Cache-Control", "") for word in KEPT)
        with self.session.get(url, timeout=90) as answer:
            return answer.content, len(sent), kept


def signed_in(up: hub.Hub) -> Visitor:
    """Sign in as the hub's first account."""
    login = json.loads((Path(up.environment["HUB_VAR_DIR"]) / "login.json").read_text())
    session = new_session()
    session.get(f"{up.url}/login", timeout=90)
    form = {"username": login["email"], "password": login["password"]}
    form["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
    session.post(f"{up.url}/login", form, timeout=90)
    if COOKIE not in session.cookies:
        raise BenchError("The hub's first account cannot sign in at its pages.")
    return Visitor(up.url, session)


def _parts(url: str, page: bytes) -> Iterator[str]:
    """What a browser loads besides the page; images that are far below it waits with."""
    soup = BeautifulSoup(page, "html.parser")
    found = [
        str(tag[name])
        for chosen, name in PARTS.items()
        for tag in soup.select(chosen)
        if tag.get("loading") != "lazy" and not str(tag[name]).startswith("data:")
    ]
    yield from dict.fromkeys(urljoin(url, part) for part in found)
