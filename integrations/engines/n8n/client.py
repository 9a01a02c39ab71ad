"""Talk to one n8n: every answer is checked for its kind before anything believes it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from integrations.domain import EngineError, Json, Origin

CONNECT_SECONDS = 5
READ_SECONDS = 60
DATA_SECONDS = 300
"""Execution data comes in one piece, however large."""
CONNECTIONS = 64
QUOTED_CHARACTERS = 300

RUN_ONE = "Start n8n (`make up` starts one of its own), or set N8N_URL to one that is running."
WAIT = "Wait a few seconds; n8n is still starting."
NEW_KEY = "Make an API key in n8n (Settings, n8n API) and set N8N_API_KEY to it; `make up` does this for its own n8n."

SCOPES = (
    "workflow create, read, list, update, delete, activate and deactivate, credential create, update and delete, "
    "execution read, list, delete and stop"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What n8n said: its status, and its body as JSON."""

    status: int
    body: Json

    @property
    def message(self) -> str:
        return str(self.body.get("message") or "")[:QUOTED_CHARACTERS]


class Client:
    """One n8n's public API and webhooks, over pooled connections. Shared by threads."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._session = requests.Session()
        # Looking up proxies and .netrc costs more than n8n's answer, and n8n is never behind one.
        self._session.trust_env = False
        # n8n takes longer to compress its answers than a network next to it takes to carry them.
        self._session.headers["Accept-Encoding"] = "identity"
        # A kept connection may be closed by n8n as we write to it: asking again is safe for all but POST.
        retry = Retry(
            total=1, connect=0, status=0, redirect=0, other=0, read=1, allowed_methods=["GET", "PUT", "DELETE"]
        )
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=CONNECTIONS, max_retries=retry)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def api(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        allow: Collection[int] = (),
        seconds: float = READ_SECONDS,
    ) -> Answer:
        """Call the public API; statuses of `allow` are returned like success, all others raise."""
        headers = {"X-N8N-API-KEY": self._key}
        response = self._send(method, f"/api/v1{path}", body, headers, seconds)
        answer = _read(response, self.url)
        if response.ok or answer.status in allow:
            return answer
        raise _refusal(answer, f"{method} {path.partition('?')[0]}", self.url)

    def call_hook(self, path: str, token: str, body: Json) -> Answer:
        """Call a webhook. The API key stays out of it: n8n stores a webhook's headers with the execution."""
        response = self._send("POST", f"/webhook/{path}", body, {"X-Hub-Token": token}, READ_SECONDS)
        if response.status_code == 413:
            raise _too_large()
        if response.status_code in (403, 500) and not _is_json(response):
            raise deployment_missing("n8n does not accept the hub's token for this workflow.")
        answer = _read(response, self.url)
        if answer.status == 404:
            raise deployment_missing("The workflow is not published in n8n.")
        if not response.ok:
            raise EngineError(
                f"n8n could not start the workflow (HTTP {answer.status}): {answer.message}",
                retryable=answer.status >= 500,
                code="n8n_refused",
                fix="Look at the workflow in n8n; its log says why it could not start.",
            )
        return answer

    def is_hook_registered(self, path: str) -> bool:
        """Ask without starting anything: n8n answers a GET on a POST hook with a hint when the hook is there."""
        response = self._send("GET", f"/webhook/{path}", None, {}, READ_SECONDS)
        return _is_json(response) and "Did you mean to make a POST request" in _read(response, self.url).message

    def is_ready(self) -> bool:
        response = self._send("GET", "/healthz/readiness", None, {}, CONNECT_SECONDS)
        return response.ok and _is_json(response)

    def version(self) -> str:
        """Return n8n's version as its start page tells it, or nothing: no API of n8n does."""
        page = self._send("GET", "/", None, {}, CONNECT_SECONDS).text
        found = re.search(r'"n8n:config:sentry" content="([A-Za-z0-9+/=]+)"', page)
        release = re.search(rb'"release":"n8n@([^"]+)"', base64.b64decode(found[1])) if found else None
        return release[1].decode() if release else ""

    def booted_at(self) -> datetime | None:
        """Tell when n8n started, to the second: it writes its start page anew each time. None when it has none."""
        told = self._send("HEAD", "/", None, {}, CONNECT_SECONDS).headers.get("Last-Modified")
        return parsedate_to_datetime(told) if told else None

    def _send(
        self, method: str, path: str, body: Json | None, headers: dict[str, str], seconds: float
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                f"{self.url}{path}",
                json=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
            )
        except requests.exceptions.ReadTimeout:
            raise EngineError(
                f"n8n at {self.url} took longer than {seconds:.0f} s to answer.",
                retryable=True,
                code="n8n_slow",
                fix="Look at what n8n is busy with; a larger machine or fewer runs at once may help.",
            ) from None
        except requests.ConnectionError:
            raise EngineError(
                f"n8n at {self.url} does not answer.", retryable=True, code="n8n_unreachable", fix=RUN_ONE
            ) from None
        except requests.RequestException as error:
            raise EngineError(
                f"The request to n8n at {self.url} failed ({type(error).__name__}).",
                retryable=False,
                code="n8n_unreachable",
                fix="Check that N8N_URL is the address of an n8n, with http:// or https://.",
            ) from None


def deployment_missing(message: str) -> EngineError:
    return EngineError(
        message,
        retryable=True,
        code="deployment_missing",
        fix="Nothing to do: the hub sets it up again before it tries once more.",
    )


def _is_json(response: requests.Response) -> bool:
    return "json" in response.headers.get("Content-Type", "")


def _read(response: requests.Response, url: str) -> Answer:
    """Take an answer as JSON, or say what it is instead.

    While it boots n8n answers 200 with plain text on every path, then 404 with HTML.
    """
    if response.status_code == 204:
        return Answer(204, {})
    if not _is_json(response):
        raise _not_json(response, url)
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        raise _odd(url, "sent broken JSON") from None
    if not isinstance(body, dict):
        raise _odd(url, f"sent a {type(body).__name__} where an object was due")
    return Answer(response.status_code, body)


def _not_json(response: requests.Response, url: str) -> EngineError:
    is_html = "html" in response.headers.get("Content-Type", "")
    is_booting = b"n8n is starting up" in response.content[:200] or (response.status_code == 404 and is_html)
    if is_booting or response.status_code in (502, 503, 504):
        return EngineError(f"n8n at {url} is still starting.", retryable=True, code="n8n_starting", fix=WAIT)
    return _odd(url, f"answered HTTP {response.status_code} without JSON")


def _odd(url: str, what: str) -> EngineError:
    return EngineError(
        f"What answers at {url} does not talk like n8n: it {what}.",
        retryable=True,
        code="n8n_odd_answer",
        fix="Check that N8N_URL is the address of an n8n and not of something before it.",
    )


def _refusal(answer: Answer, call: str, url: str) -> EngineError:
    if answer.status == 401:
        return EngineError(
            f"n8n at {url} refuses the API key.",
            retryable=False,
            code="n8n_key_refused",
            origin=Origin.SETTINGS,
            fix=NEW_KEY,
        )
    if answer.status == 403:
        message = f"n8n's API key may not do this: {call}."
        return EngineError(
            message,
            retryable=False,
            code="n8n_key_refused",
            origin=Origin.SETTINGS,
            fix=f"Give the key these scopes: {SCOPES}.",
        )
    return EngineError(
        f"n8n refused {call} (HTTP {answer.status}): {answer.message}",
        retryable=answer.status >= 500 or answer.status in (409, 429),
        code="n8n_refused",
        fix="The message says what n8n did not take; correct the connector's workflow or credential.",
        detail={"http_status": answer.status},
    )


def _too_large() -> EngineError:
    return EngineError(
        "The integration's settings and state are larger than n8n takes in one request.",
        retryable=False,
        code="request_too_large",
        origin=Origin.SETTINGS,
        fix="Shorten the settings, or raise N8N_PAYLOAD_SIZE_MAX in n8n.",
    )
