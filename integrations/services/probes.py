"""A connector's own test: the one request that its `test` describes, judged step by step."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext, gettext_noop, ngettext

from connectors import maps
from integrations.domain import Json
from integrations.masking import Mask
from integrations.services import outbound
from integrations.services.outbound import Answer, Order, OutboundError

STEPS = ("resolve", "connect", "tls", "http", "authenticate", "permission")
LABELS = {
    "resolve": gettext_noop("Find the host"),
    "connect": gettext_noop("Connect"),
    "tls": gettext_noop("Encryption"),
    "http": gettext_noop("Answer"),
    "authenticate": gettext_noop("Sign in"),
    "permission": gettext_noop("Permission"),
}
FEW_DAYS = 14
WORDS = ("message", "detail", "error_description", "error", "title")
LONGEST_WORDS = 200
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
OURS = ("host", "content-length", "transfer-encoding", "connection")
"""Headers that the exchange itself writes: a second one would be read differently by different servers."""
SECRETS = gettext_noop("Check the credential: is the secret still valid? Enter it again.")
NO_SECRET = gettext_noop("The service wants a credential: give the integration one.")
RIGHTS = gettext_noop("The service knows the credential, yet it may not read this. Have the service's admin allow it.")


@dataclass(slots=True)
class Stage:
    name: str
    ok: bool = True
    seconds: float = 0.0
    detail: str = ""
    fix: str = ""
    days_left: int | None = None

    @property
    def label(self) -> str:
        return LABELS.get(self.name, self.name.capitalize())


OnStage = Callable[[Sequence[Stage]], None]
"""Is told of all stages so far, whenever one has passed."""


@dataclass(slots=True)
class Stages:
    """What a test went through, in order; a step that comes again, as after a redirect, is one stage."""

    by_name: dict[str, Stage] = field(default_factory=dict)
    on_stage: OnStage | None = None

    @contextmanager
    def entered(self, name: str) -> Iterator[None]:
        stage = self.by_name.setdefault(name, Stage(name))
        began = time.monotonic()
        try:
            yield
        finally:
            stage.seconds = round(stage.seconds + time.monotonic() - began, 4)
            if self.on_stage:
                self.on_stage(self.all)

    def passed(self, name: str, detail: str = "") -> None:
        self.by_name.setdefault(name, Stage(name)).detail = detail

    def failed(self, name: str, detail: str, fix: str) -> None:
        stage = self.by_name.setdefault(name, Stage(name))
        stage.ok, stage.detail, stage.fix = False, detail, fix

    @property
    def all(self) -> list[Stage]:
        return list(self.by_name.values())


@dataclass(frozen=True, slots=True)
class Probe:
    """A test as the connector describes it, with the values it is made for."""

    declared: Json
    values: Json = field(repr=False)
    mask: Mask

    @property
    def url(self) -> str:
        """Where it goes; empty when the values do not say, as for a credential that no integration uses yet."""
        return str(maps.fill(self.declared.get("url", ""), self.values) or "")

    def run(self, seconds: float, on_stage: OnStage | None = None) -> list[Stage]:
        """Take the test within so many seconds; never raises for what the service does."""
        stages, until = Stages(on_stage=on_stage), time.monotonic() + seconds
        try:
            order = self._authorised(self._order())
            answer = outbound.send(order, seconds=until - time.monotonic(), stage=stages.entered)
            _note_certificate(stages, answer)
            self._judge(answer, stages)
        except OutboundError as error:
            stages.failed(error.step, self.mask.text(error.detail), error.fix)
        except LookupError as error:
            what = self.mask.text(str(error))
            detail = gettext("The connector's own description of its test is incomplete: %(what)s") % {"what": what}
            stages.failed("http", detail, gettext("Tell whoever made the connector; running it may work all the same."))
        return stages.all

    def _order(self) -> Order:
        url, path = self.url, str(self._given("path") or "")
        url = f"{url.rstrip('/')}/{path.lstrip('/')}" if path else url
        headers = {"Accept": "application/json", **dict(_pairs(self._given("headers")))}
        method, body = str(self._given("method") or "GET"), str(self._given("body") or "")
        if method != "GET":
            headers["Content-Type"] = "application/json"
        return Order(
            _with_query(url, list(_pairs(self._given("query")))),
            method,
            _proper(headers),
            body.encode() if method != "GET" else b"",
        )

    def _given(self, name: str) -> Any:
        return maps.fill(self.declared[name], self.values) if name in self.declared else None

    def _authorised(self, order: Order) -> Order:
        auth = maps.choose(self.declared.get("auth", {}), self.values)
        for kind, sources in auth.items():
            given = {name: maps.fill(source, self.values) for name, source in sources.items()}
            match kind:
                case "header":
                    order = _with_header(order, str(given["name"]), str(given["value"]))
                case "query":
                    order = replace(order, url=_with_query(order.url, [(str(given["name"]), str(given["value"]))]))
                case "basic":
                    order = _with_header(order, "Authorization", _basic(given["username"], given["password"]))
                case "bearer":
                    order = _with_header(order, "Authorization", f"Bearer {given['token']}")
        return order

    @property
    def _has_secret(self) -> bool:
        return bool(maps.choose(self.declared.get("auth", {}), self.values))

    def _judge(self, answer: Answer, stages: Stages) -> None:
        told = self.mask.text(_told(answer))
        match answer.status:
            case 401 | 407:
                stages.passed("http", f"HTTP {answer.status}")
                fix = gettext(SECRETS if self._has_secret else NO_SECRET)
                stages.failed(
                    "authenticate", gettext("The service does not accept the credential%(told)s.") % {"told": told}, fix
                )
            case 403:
                stages.passed("http", "HTTP 403")
                stages.passed("authenticate", gettext("The service knows the credential."))
                stages.failed(
                    "permission", gettext("The service refuses to show this%(told)s.") % {"told": told}, gettext(RIGHTS)
                )
            case status if 200 <= status < 300:
                self._judge_content(answer, stages)
            case status:
                stages.failed(
                    "http",
                    gettext("The service answered HTTP %(status)s%(told)s.") % {"status": status, "told": told},
                    _fix(status),
                )

    def _judge_content(self, answer: Answer, stages: Stages) -> None:
        kind = answer.header("content-type").partition(";")[0] or "no content type"
        if self.declared.get("expects", {}).get("json") and answer.body.strip() and not _is_json(answer):
            detail = gettext("The service answered %(kind)s where JSON was due.") % {"kind": self.mask.text(kind)}
            stages.failed("http", detail, gettext("Check the address: is it the API's, or a page for people?"))
            return
        stages.passed("http", f"HTTP {answer.status}, {self.mask.text(kind)}")
        if self._has_secret:
            stages.passed("authenticate", gettext("The service accepts the credential."))
            stages.passed("permission", gettext("It may read what the settings name."))


def _pairs(given: Any) -> Iterator[tuple[str, str]]:
    for pair in given or []:
        yield str(pair["name"]), str(pair["value"])


def _proper(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not TOKEN.fullmatch(name) or any(each < " " and each != "\t" for each in value):
            raise OutboundError(
                "http", "bad_header", gettext("A header's name or value is none."), gettext("Correct the headers.")
            )
    return {name: value for name, value in headers.items() if name.lower() not in OURS}


def _with_header(order: Order, name: str, value: str) -> Order:
    kept = {known: each for known, each in order.headers.items() if known.lower() != name.lower()}
    return replace(order, headers=_proper({**kept, name: value}), secret_headers=order.secret_headers | {name.lower()})


def _with_query(url: str, pairs: list[tuple[str, str]]) -> str:
    query = urlencode(pairs)
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _basic(user: object, password: object) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _note_certificate(stages: Stages, answer: Answer) -> None:
    if answer.certificate_days is None or "tls" not in stages.by_name:
        return
    stage, days = stages.by_name["tls"], answer.certificate_days
    stage.days_left = days
    words = ngettext(
        "The certificate is valid for %(days)d more day.", "The certificate is valid for %(days)d more days.", days
    )
    stage.detail = words % {"days": days}
    if days < FEW_DAYS:
        stage.fix = gettext("Have the service's certificate renewed soon.")


def _is_json(answer: Answer) -> bool:
    try:
        json.loads(answer.body)
    except (ValueError, RecursionError):
        # An answer that was cut cannot be parsed; its beginning tells.
        return len(answer.body) >= outbound.MOST_BYTES and answer.body.lstrip()[:1] in (b"{", b"[")
    return True


def _object(answer: Answer) -> Json:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(answer: Answer) -> str:
    """What the service says of its refusal, where it says so in JSON."""
    body = _object(answer)
    body = body["error"] if isinstance(body.get("error"), dict) else body
    words = next((body[name] for name in WORDS if isinstance(body.get(name), str) and body[name]), "")
    plain = " ".join(str(words).split())[:LONGEST_WORDS]
    return f": {plain}" if plain else ""


def _fix(status: int) -> str:
    if status in (404, 410):
        return gettext("Check the address and the path in the settings; the service has nothing there.")
    if status in (408, 429, 503):
        return gettext("The service is busy. Wait a little, then test again.")
    if status >= 500:
        return gettext("The service itself failed. Try again later, or ask its operators.")
    return gettext("Check the integration's settings; the service did not take the request.")
