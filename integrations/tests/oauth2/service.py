"""The OAuth 2.0 service of `server.py`, as the tests see it, and the person who signs in there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

SERVER = Path(__file__).with_name("server.py")
CLIENT_ID, CLIENT_SECRET = "the-hub", "planted-client-secret"
MACHINE_ID = "the-machine"
BACK = "http://testserver/connectors/sign_in/authorised"
FIELD = re.compile(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?')
SECONDS = 20


@dataclass
class OAuth2Service:
    """Real, and in a process of its own."""

    url: str

    def begin_anew(self) -> None:
        self.set(reset=BACK)

    def set(self, **orders: Any) -> None:
        requests.post(f"{self.url}/control", json=orders, timeout=SECONDS).raise_for_status()

    @property
    def asked(self) -> list[str]:
        """The grants that the token URL was asked for."""
        return [each["grant_type"] for each in self._told()["asked"]]

    @property
    def shown(self) -> list[str]:
        """The tokens that its API was called with."""
        found: list[str] = self._told()["shown"]
        return found

    @property
    def live(self) -> list[str]:
        found: list[str] = self._told()["live"]
        return found

    def consent(self, url: str, *, allow: bool = True, scope: str | None = None) -> str:
        """Sign in and allow it, or not; return the address that the service sends the person to."""
        page = requests.get(url, timeout=SECONDS)
        assert page.status_code == 200, page.text
        fields = {name: unescape(value) for name, value in FIELD.findall(page.text)}
        fields |= {"scope": scope} if scope else {}
        fields |= {"allow": "Authorize"} if allow else {}
        answer = requests.post(url, data=fields, timeout=SECONDS, allow_redirects=False)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def _told(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.url}/control", timeout=SECONDS).json()
        return found


@contextmanager
def running(folder: Path) -> Iterator[OAuth2Service]:
    command = [sys.executable, str(SERVER), str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=(folder / "log").open("w"), text=True)
    try:
        assert process.stdout
        port = process.stdout.readline().strip()
        assert port, (folder / "log").read_text()
        yield OAuth2Service(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
