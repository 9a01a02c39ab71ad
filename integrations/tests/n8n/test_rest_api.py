from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from integrations.domain import Failure, Job, Json, Origin
from integrations.engines.n8n.engine import N8nEngine
from integrations.tests.n8n.conftest import Provisioned, Reply, Request, Service, finish, rows_of

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]
evidence = pytest.mark.evidence("rest_api", "protocol", "any JSON API")

FOLDER = Path(__file__).parents[3] / "connectors" / "builtin" / "rest_api"
TEMPLATE = json.loads((FOLDER / "workflow.json").read_text())
CREDENTIAL_MAP = json.loads((FOLDER / "connector.json").read_text())["n8n"]["credential"]


@pytest.fixture
def connect(provision: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    return lambda auth=None: provision(
        TEMPLATE, credential_map=CREDENTIAL_MAP, credential={"auth": auth} if auth else {}
    )


@pytest.fixture
def read(
    n8n: N8nEngine, connect: Callable, make_job: Callable[..., Job], service: Service
) -> Callable[..., list[Json]]:
    """Run the connector over the sample service and return its rows."""

    def run(auth: Json | None = None, **config: Any) -> list[Json]:
        return rows_of(finish(n8n, make_job(connect(auth), {"url": service.url, **config})))

    return run


@pytest.fixture
def fail(n8n: N8nEngine, connect: Callable, make_job: Callable[..., Job], service: Service) -> Callable[..., Failure]:
    def run(**config: Any) -> Failure:
        outcome = finish(n8n, make_job(connect(), {"url": service.url, **config})).outcome
        assert outcome is not None
        assert outcome.failure is not None
        return outcome.failure

    return run


@evidence
def test_records_of_any_shape_arrive_whole(read: Callable, service: Service) -> None:
    records = [{"id": 1, "name": "Łódź 🎈"}, {"id": "two", "tags": ["a"], "in": {"x": None}}, {"id": 3, "new": 1.5}, 7]
    service.answer = lambda _: Reply({"data": {"items": records}})
    assert read(records_path="data.items") == [*records[:3], {"value": 7}]


def test_an_empty_list_is_a_success_without_rows(read: Callable) -> None:
    assert read() == []


@evidence
def test_settings_travel_as_data(read: Callable, service: Service) -> None:
    nasty = "={{ $env.HOME }} & ünï=1 'quoted\" \\ {{ 40+2 }}"
    service.answer = lambda _: Reply([])
    read(
        path="/a b",
        query=[{"name": "q", "value": nasty}, {"name": "q", "value": "second"}],
        headers=[{"name": "X-Formula", "value": "={{ 40+2 }}"}],
    )
    asked = service.requests[0]
    assert asked.path.replace("%20", " ") == "/a b"
    assert asked.query_list == [("q", nasty), ("q", "second")]
    assert asked.headers["x-formula"] == "={{ 40+2 }}"


@pytest.mark.parametrize("config", [{}, {"pagination": {"type": "none"}}], ids=["left out", "none"])
def test_without_pagination_one_request_is_made(read: Callable, service: Service, config: Json) -> None:
    service.answer = lambda _: Reply([{"n": 1}], headers={"Link": '</?page=2>; rel="next"'})
    assert read(**config) == [{"n": 1}]
    assert len(service.requests) == 1


def test_a_post_sends_its_body(read: Callable, service: Service) -> None:
    service.answer = lambda request: Reply([json.loads(request.body)])
    assert read(method="POST", body='{"find": "={{ 1 }}"}') == [{"find": "={{ 1 }}"}]
    assert service.requests[0].method == "POST"


NASTY = '={{ 40 + 2 }} "quoted" \\ it\'s'
BASIC = "Basic " + base64.b64encode(b"ann:s3cret=").decode()


@evidence
@pytest.mark.parametrize(
    ("auth", "is_right"),
    [
        ({"type": "api_key", "name": "X-Key", "key": NASTY}, lambda asked: asked.headers.get("x-key") == NASTY),
        (
            {"type": "api_key", "in": "query", "name": "key", "key": "s3cret"},
            lambda asked: ("key", "s3cret") in asked.query_list,
        ),
        (
            {"type": "basic", "username": "ann", "password": "s3cret="},
            lambda asked: asked.headers.get("authorization") == BASIC,
        ),
        ({"type": "bearer", "token": "s3cret"}, lambda asked: asked.headers.get("authorization") == "Bearer s3cret"),
    ],
    ids=["header", "query", "basic", "bearer"],
)
def test_a_credential_opens_the_service(
    read: Callable, service: Service, auth: Json, is_right: Callable[[Request], bool]
) -> None:
    service.answer = lambda asked: Reply([{"ok": True}]) if is_right(asked) else Reply({"error": "no"}, 401)
    assert read(auth) == [{"ok": True}]


@evidence
@pytest.mark.parametrize("way", ["oauth2", "oauth2_sign_in"])
def test_after_a_sign_in_the_hubs_token_opens_the_service(
    n8n: N8nEngine, provision: Callable[..., Provisioned], make_job: Callable[..., Job], service: Service, way: str
) -> None:
    service.answer = lambda asked: (
        Reply([{"ok": True}]) if asked.headers.get("authorization") == "Bearer t0ken" else Reply({}, 401)
    )
    credential = {"auth": {"type": way}, "oauth2": {"access_token": "t0ken", "token_type": "Bearer"}}
    deployed = provision(TEMPLATE, credential_map=CREDENTIAL_MAP, credential=credential)

    assert rows_of(finish(n8n, make_job(deployed, {"url": service.url}))) == [{"ok": True}]


NUMBERS = [{"n": n} for n in range(7)]


def page(asked: Request) -> Reply:
    number = int(asked.query["page"])
    return Reply(
        {"items": NUMBERS[(number - 1) * 3 : number * 3]} if number < 4 else {"detail": "no such page"},
        200 if number < 4 else 404,
    )


def offset(asked: Request) -> Reply:
    skip = int(asked.query["skip"])
    return Reply({"items": NUMBERS[skip : skip + int(asked.query["limit"])]})


def cursor(asked: Request) -> Reply:
    begin = int(asked.query.get("after", "0"))
    return Reply({"items": NUMBERS[begin : begin + 3], "meta": {"next": str(begin + 3) if begin + 3 < 7 else None}})


def cursor_url(asked: Request) -> Reply:
    begin = int(asked.query.get("from", "0"))
    following = f"http://{asked.headers['host']}/?from={begin + 3}" if begin + 3 < 7 else None
    return Reply({"items": NUMBERS[begin : begin + 3], "next": following})


def link(asked: Request) -> Reply:
    begin = int(asked.query.get("from", "0"))
    headers = {"Link": f'</?from=0>; rel="first", </?from={begin + 3}>; rel="next"'} if begin + 3 < 7 else {}
    return Reply({"items": NUMBERS[begin : begin + 3]}, headers=headers)


@evidence
@pytest.mark.parametrize(
    ("answer", "pagination"),
    [
        (page, {"type": "page"}),
        (offset, {"type": "offset", "offset_param": "skip", "size_param": "limit", "page_size": 3}),
        (cursor, {"type": "cursor", "cursor_param": "after", "cursor_path": "meta.next"}),
        (cursor_url, {"type": "cursor", "cursor_path": "next"}),
        (link, {"type": "link"}),
    ],
    ids=["page", "offset", "cursor", "cursor as a URL", "link"],
)
def test_pages_are_followed_to_the_end(
    read: Callable, service: Service, answer: Callable[[Request], Reply], pagination: Json
) -> None:
    service.answer = answer
    assert read(records_path="items", pagination=pagination) == NUMBERS


def test_27004_rows_come_over_28_pages(read: Callable, service: Service) -> None:
    def answer(asked: Request) -> Reply:
        begin, size = (int(asked.query["page"]) - 1) * 1000, int(asked.query["size"])
        rows = [{"id": n, "carrier": "UA", "delay": n % 60} for n in range(begin, min(begin + size, 27004))]
        return Reply({"records": rows, "has_more": begin + size < 27004})

    service.answer = answer
    pagination = {"type": "page", "size_param": "size", "page_size": 1000, "more_path": "has_more"}
    rows = read(records_path="records", pagination=pagination)
    assert [row["id"] for row in rows] == list(range(27004))
    assert len(service.requests) == 28


def test_a_service_that_ignores_the_page_is_found_out(fail: Callable, service: Service) -> None:
    service.answer = lambda _: Reply([{"n": 1}])
    failure = fail(pagination={"type": "page"})
    assert (failure.code, failure.origin) == ("unexpected_answer", Origin.SETTINGS)
    assert "the same page again" in failure.message


def test_a_next_page_on_another_host_is_not_followed(fail: Callable, service: Service) -> None:
    service.answer = lambda _: Reply([{"n": 1}], headers={"Link": '<http://localhost:1/>; rel="next"'})
    assert "another host, http://localhost:1" in fail(pagination={"type": "link"}).message


@evidence
def test_a_busy_service_is_waited_for(read: Callable, service: Service) -> None:
    tries: Iterator[int] = count()
    busy = [Reply("slow down", 429, {"Retry-After": "0"}), Reply("", 503, {"Retry-After": "1"})]
    service.answer = lambda _: busy[n] if (n := next(tries)) < 2 else Reply([{"ok": True}])
    assert read() == [{"ok": True}]


@evidence
@pytest.mark.parametrize(
    ("reply", "code", "origin", "retryable", "words"),
    [
        (Reply({"error": "bad key"}, 401), "credential_refused", Origin.SETTINGS, False, "HTTP 401"),
        (Reply({"error": "gone"}, 404), "not_found", Origin.SETTINGS, False, "HTTP 404"),
        (Reply("slow", 429, {"Retry-After": "999"}), "rate_limited", Origin.SERVICE, True, "HTTP 429"),
        (Reply("<h1>Oops</h1>", 500), "service_failed", Origin.SERVICE, True, "Oops"),
        (Reply("<h1>Hello</h1>"), "unexpected_answer", Origin.SETTINGS, False, "text/html where JSON was due"),
        (Reply({"other": []}), "unexpected_answer", Origin.SETTINGS, False, "nothing at"),
    ],
    ids=["401", "404", "429", "500", "html", "path"],
)
def test_a_failure_says_what_and_where(
    fail: Callable, service: Service, reply: Reply, code: str, origin: Origin, retryable: bool, words: str
) -> None:
    service.answer = lambda _: reply
    failure = fail(records_path="items")
    assert (failure.code, failure.origin, failure.retryable, failure.step) == (code, origin, retryable, "Get")
    assert words in failure.message
    assert failure.fix


def test_a_service_that_is_down_is_a_failure_of_the_network(fail: Callable) -> None:
    failure = fail(url="http://127.0.0.1:1")
    assert (failure.code, failure.origin, failure.retryable) == ("network", Origin.NETWORK, True)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/meta-data/", "http://[::ffff:10.0.0.1]/"])
def test_n8n_itself_calls_nothing_inside(fail: Callable, url: str) -> None:
    failure = fail(url=url)
    assert (failure.code, failure.origin, failure.retryable) == ("address_not_allowed", Origin.SETTINGS, False)
    assert "HUB_OUTBOUND_ALLOW" in failure.fix
