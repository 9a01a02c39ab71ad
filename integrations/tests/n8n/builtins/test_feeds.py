from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integrations.domain import Json, Progress
from integrations.tests.n8n.builtins.conftest import Run, outcome
from integrations.tests.n8n.conftest import Reply, Service, rows_of

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]
evidence = pytest.mark.evidence("rss", "protocol", "RSS 2.0 and Atom")
XML = {"Content-Type": "application/xml"}
RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>News</title><link>https://x</link>
<item><title>Łódź &amp; {{ 40+2 }}</title><link>https://x/2</link><guid isPermaLink="false">g2</guid>
<pubDate>Fri, 02 Jan 2026 10:00:00 GMT</pubDate><dc:creator>Ann</dc:creator><category>a</category><category>b</category>
<description><![CDATA[<b>Hello</b>]]></description>
<enclosure url="https://x/2.mp3" length="1" type="audio/mpeg"/></item>
%s</channel></rss>"""
OLDER = """<item><title>One</title><link>https://x/1</link><pubDate>Thu, 01 Jan 2026 10:00:00 +0100</pubDate></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><entry><id>e1</id><title type="html">T</title>
<link rel="self" href="https://y/self"/>
<link rel="alternate" href="https://y/1"/><updated>2026-01-03T00:00:00Z</updated>
<author><name>Bob</name></author><category term="c"/>
<summary>S</summary><content type="html">C</content></entry></feed>"""


@pytest.fixture
def read(run_builtin: Run, service: Service) -> Callable[..., Progress]:
    def read(body: str, state: Json | None = None, **config: Any) -> Progress:
        service.answer = lambda _: Reply(body, headers=XML)
        return run_builtin("rss", {}, {"url": f"{service.url}/feed", **config}, state)

    return read


@evidence
def test_entries_of_rss_are_rows(read: Callable[..., Progress]) -> None:
    newer, older = rows_of(read(RSS % OLDER))

    assert newer == {
        "id": "g2",
        "title": "Łódź & {{ 40+2 }}",
        "link": "https://x/2",
        "published": "2026-01-02T10:00:00.000Z",
        "updated": None,
        "author": "Ann",
        "summary": "<b>Hello</b>",
        "content": None,
        "categories": ["a", "b"],
        "enclosure": "https://x/2.mp3",
    }
    assert (older["id"], older["published"], older["categories"]) == ("https://x/1", "2026-01-01T09:00:00.000Z", [])


@evidence
def test_entries_of_atom_are_the_same_rows(read: Callable[..., Progress]) -> None:
    [row] = rows_of(read(ATOM))

    assert (row["id"], row["title"], row["link"], row["author"]) == ("e1", "T", "https://y/1", "Bob")
    assert (row["updated"], row["summary"], row["content"], row["categories"]) == (
        *("2026-01-03T00:00:00.000Z", "S", "C", ["c"]),
    )


@evidence
def test_a_second_run_brings_only_new_entries(read: Callable[..., Progress]) -> None:
    first = read(RSS.replace("Fri, 02", "Thu, 01") % "", new_only=True)
    second = read(RSS % OLDER, outcome(first).state, new_only=True)
    third = read(RSS % OLDER, outcome(second).state, new_only=True)

    assert [row["id"] for row in rows_of(second)] == ["g2"]
    assert rows_of(third) == []
    assert outcome(third).state == {"cursor": "2026-01-02T10:00:00.000Z"}


@evidence
@pytest.mark.parametrize(
    "body", ["<html><body>A page</body></html>", "no XML at all", ""], ids=["page", "text", "empty"]
)
def test_what_is_no_feed_is_told(read: Callable[..., Progress], body: str) -> None:
    failure = outcome(read(body)).failure

    assert failure is not None
    assert (failure.code, failure.retryable) == ("unexpected_answer", False)


@evidence
def test_a_feed_without_entries_is_a_run_without_rows(read: Callable[..., Progress]) -> None:
    assert rows_of(read("<rss><channel><title>Empty</title></channel></rss>")) == []


@evidence
def test_a_feed_that_is_not_there_is_told(run_builtin: Run, service: Service) -> None:
    service.answer = lambda _: Reply("Gone", 404)

    failure = outcome(run_builtin("rss", {}, {"url": service.url})).failure

    assert failure is not None
    assert failure.code == "not_found"
