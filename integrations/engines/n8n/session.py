"""What n8n tells its own pages and no API key: descriptions of nodes, their icons, and choices asked of a service."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from integrations.domain import EngineError, Json, Origin
from integrations.engines.n8n.client import CONNECT_SECONDS, RUN_ONE

# n8n ties a login to the browser that made it; any constant will do for both.
BROWSER = {"browser-id": "integrations-hub", "Accept-Encoding": "gzip"}
DESCRIPTIONS = {"nodes": "/types/nodes.json", "credentials": "/types/credentials.json"}
DESCRIPTION_SECONDS = 60
CHOICE_SECONDS = 8
ICON_BYTES = 512 * 1024
_PIECE = 1 << 16
_LOGIN = "Set N8N_EMAIL and N8N_PASSWORD to an account of that n8n; `make up` does this for its own n8n."


class Session:
    """One account's session in n8n. Logs in when it must; shared by threads."""

    def __init__(self, url: str, email: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._account = (email, password)
        self._lock = threading.Lock()
        self._session: requests.Session | None = None

    def download(self, what: str, to: Path) -> int:
        """Write the descriptions of nodes or credentials to a file, whole or not at all; return its size in bytes."""
        aside = to.with_name(f"{to.name}.{threading.get_ident()}")
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            asked = self._asked("GET", DESCRIPTIONS[what], seconds=DESCRIPTION_SECONDS, stream=True)
            with asked as answer, aside.open("wb") as file:
                for piece in answer.iter_content(_PIECE):
                    file.write(piece)
            _demand_list(aside, self.url)
            aside.replace(to)
        finally:
            aside.unlink(missing_ok=True)
        return to.stat().st_size

    def icon(self, path: str) -> tuple[str, bytes]:
        """Return an icon's content type and bytes. Raises `EngineError` for what is none, or is too large for one."""
        with self._asked("GET", "/" + path.lstrip("/"), seconds=CHOICE_SECONDS, stream=True) as answer:
            kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()
            content = b""
            for piece in answer.iter_content(_PIECE):
                content += piece
                if len(content) > ICON_BYTES:
                    raise _odd(self.url, "an icon of more than 512 KB")
        return kind, content

    def choices(self, kind: str, body: Json, seconds: float = CHOICE_SECONDS) -> Json:
        """Ask for live choices; `kind` is the last part of the path, as `options`."""
        with self._asked("POST", f"/rest/dynamic-node-parameters/{kind}", body, seconds=seconds) as answer:
            try:
                found: Any = answer.json()
            except ValueError:
                raise _odd(self.url, "no JSON") from None
        return found if isinstance(found, dict) else {}

    @contextmanager
    def _asked(
        self, method: str, path: str, body: Json | None = None, *, seconds: float, stream: bool = False
    ) -> Iterator[requests.Response]:
        answer = self._send(self._entered(), method, path, body, seconds, stream)
        if answer.status_code == 401:
            answer.close()
            answer = self._send(self._entered(anew=True), method, path, body, seconds, stream)
        try:
            if not answer.ok:
                raise _refused(answer, path)
            yield answer
        except requests.RequestException as error:
            raise _unreachable(self.url, error) from None
        finally:
            answer.close()

    def _send(
        self, session: requests.Session, method: str, path: str, body: Json | None, seconds: float, stream: bool
    ) -> requests.Response:
        try:
            return session.request(
                method,
                f"{self.url}{path}",
                json=body,
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
                stream=stream,
            )
        except requests.RequestException as error:
            raise _unreachable(self.url, error) from None

    def _entered(self, *, anew: bool = False) -> requests.Session:
        with self._lock:
            if self._session is None or anew:
                self._session = self._login()
            return self._session

    def _login(self) -> requests.Session:
        email, password = self._account
        if not (self.url and email and password):
            raise EngineError(
                "The hub has no account in n8n, so it cannot read what n8n knows.",
                retryable=False,
                code="n8n_account_missing",
                origin=Origin.SETTINGS,
                fix=_LOGIN if self.url else RUN_ONE,
            )
        session = requests.Session()
        session.trust_env = False
        session.headers.update(BROWSER)
        body = {"emailOrLdapLoginId": email, "password": password}
        answer = self._send(session, "POST", "/rest/login", body, 30, False)
        if answer.status_code != 200 or not session.cookies.get("n8n-auth"):
            raise EngineError(
                f"n8n at {self.url} refuses the account {email}.",
                retryable=answer.status_code >= 500,
                code="n8n_account_refused",
                origin=Origin.SETTINGS,
                fix=_LOGIN,
            )
        return session


def _demand_list(path: Path, url: str) -> None:
    """A list of JSON, whole: n8n answers 200 with other things while it starts."""
    with path.open("rb") as file:
        begins = file.read(64).lstrip()[:1]
        file.seek(max(0, path.stat().st_size - 64))
        ends = file.read().rstrip()[-1:]
    if (begins, ends) != (b"[", b"]"):
        raise _odd(url, "no list of descriptions")


def _refused(answer: requests.Response, path: str) -> EngineError:
    try:
        told = answer.json()
    except (ValueError, requests.RequestException):
        told = {}
    message = str(told.get("message") or "") if isinstance(told, dict) else ""
    return EngineError(
        f"n8n refused {path.partition('?')[0]} (HTTP {answer.status_code}): {message[:300]}",
        retryable=answer.status_code >= 500,
        code="n8n_refused",
    )


def _unreachable(url: str, error: requests.RequestException) -> EngineError:
    is_slow = isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectTimeout)
    what = "took too long to answer" if is_slow else "does not answer"
    code = "n8n_slow" if is_slow else "n8n_unreachable"
    return EngineError(f"n8n at {url} {what}.", retryable=True, code=code, fix="" if is_slow else RUN_ONE)


def _odd(url: str, what: str) -> EngineError:
    return EngineError(f"n8n at {url} sent {what}.", retryable=True, code="n8n_odd_answer")


def loads(path: Path) -> list[Json]:
    found: Any = json.loads(path.read_text(encoding="utf-8"))
    return [one for one in found if isinstance(one, dict)]
