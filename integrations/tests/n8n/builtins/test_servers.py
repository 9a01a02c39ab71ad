"""Built-ins against the real servers, started here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from embedded.n8n.server import free_port
from embedded.postgres import running
from integrations.domain import Json, Progress
from integrations.tests.n8n.builtins.conftest import Run, outcome
from integrations.tests.n8n.conftest import rows_of

pytestmark = [pytest.mark.n8n, pytest.mark.xdist_group("engines")]
Read = Callable[..., Progress]
PASSWORD = "s3cret-w0rd {{ 40+2 }}"


def proven(slug: str, against: str) -> pytest.MarkDecorator:
    return pytest.mark.evidence(slug, "proven", against)


def refusal(progress: Progress) -> tuple[str, bool]:
    failure = outcome(progress).failure
    assert failure is not None
    assert PASSWORD not in json.dumps(failure.as_json())
    return failure.code, failure.retryable


# PostgreSQL


@pytest.fixture(scope="module")
def postgres() -> Iterator[Json]:
    port = free_port()
    with running(port) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE hub PASSWORD '{PASSWORD}'")
            connection.execute("""
                CREATE TABLE "Or ders" (id bigint, name text, paid numeric, tags text[], about jsonb, at timestamptz);
                INSERT INTO "Or ders" VALUES
                    (9007199254740993, 'Łódź "x" \\n {{ 1 }}', 1.10, '{a,b}', '{"k": [1]}',
                     '2026-01-01 00:00:00.000001+00'),
                    (2, NULL, NULL, NULL, NULL, '2026-01-02 00:00:00.123456+00')
            """)
        given = {"host": "127.0.0.1", "port": port, "database": "hub", "user": "hub", "password": PASSWORD}
        yield {**given, "ssl": "disable", "url": url.replace("hub:hub@", "hub@")}


@pytest.fixture
def pg(run_builtin: Run, postgres: Json) -> Read:
    credential = {name: value for name, value in postgres.items() if name != "url"}

    def read(source: Json, state: Json | None = None, changes: Json | None = None, **config: Any) -> Progress:
        return run_builtin("postgres", {**credential, **(changes or {})}, {"source": source, **config}, state)

    return read


TABLE = {"type": "table", "table": "Or ders"}


@proven("postgres", "PostgreSQL")
def test_a_table_arrives_with_numbers_times_and_lists_as_they_are(pg: Read) -> None:
    first, second = rows_of(pg(TABLE, cursor_column="at"))

    assert (first["id"], first["name"]) == (9007199254740993, 'Łódź "x" \\n {{ 1 }}')
    assert (first["tags"], first["about"], first["at"]) == (["a", "b"], {"k": [1]}, "2026-01-01T00:00:00.000001+00:00")
    assert (second["id"], second["name"], second["paid"]) == (2, None, None)


@proven("postgres", "PostgreSQL")
def test_a_second_run_begins_at_the_largest_value_of_the_first(pg: Read, postgres: Json) -> None:
    first = pg(TABLE, cursor_column="at")
    second = pg(TABLE, outcome(first).state, cursor_column="at")

    assert outcome(first).state == {"cursor": "2026-01-02 00:00:00.123456+00"}
    assert [row["id"] for row in rows_of(second)] == [2]


@proven("postgres", "PostgreSQL")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT '{{ 40+2 }}' AS a, $$=x$$ AS b;", [{"a": "{{ 40+2 }}", "b": "=x"}]),
        (
            "WITH n AS (SELECT generate_series(1, 3) AS i) SELECT i FROM n -- all of them",
            [{"i": 1}, {"i": 2}, {"i": 3}],
        ),
        ("SELECT 1 AS a WHERE false", []),
        ("SELECT i FROM generate_series(1, 20000) AS i", [{"i": i} for i in range(1, 20001)]),
    ],
)
def test_a_query_arrives_as_it_stands(pg: Read, query: str, found: list[Json]) -> None:
    assert rows_of(pg({"type": "query", "query": query})) == found


@proven("postgres", "PostgreSQL")
@pytest.mark.parametrize(
    ("source", "changes", "expected"),
    [
        (TABLE, {"password": "wr0ng"}, ("credential_refused", False)),
        (TABLE, {"port": 1}, ("network", True)),
        ({"type": "table", "table": "gone"}, {}, ("request_refused", False)),
        ({"type": "query", "query": "SELEC 1"}, {}, ("request_refused", False)),
        (TABLE, {"ssl": "require"}, ("certificate", False)),
    ],
    ids=["password", "port", "table", "syntax", "no TLS"],
)
def test_what_postgresql_refuses_is_told_by_whose_fault_it_is(
    pg: Read, source: Json, changes: Json, expected: tuple[str, bool]
) -> None:
    assert refusal(pg(source, changes=changes)) == expected


# SMTP


class Post:
    """Keeps what it is sent, and refuses one receiver."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address.startswith("nobody"):
            return "550 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=modern))
        return "250 Taken"


def knows(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
    is_right = (given.login, given.password) == (b"ann", PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


@pytest.fixture(scope="module")
def smtp() -> Iterator[tuple[Post, Json]]:
    post, port = Post(), free_port()
    server = Controller(
        post, "127.0.0.1", port, authenticator=knows, auth_required=True, auth_require_tls=False, enable_SMTPUTF8=True
    )
    server.start()
    yield post, {"host": "127.0.0.1", "port": port, "security": "none", "user": "ann", "password": PASSWORD}
    server.stop()


MAIL = {
    "from": "hub@example.com",
    "to": ["bob@example.com"],
    "subject": "Übersicht {{ 40+2 }}",
    "text": "=Łódź\n{{ 1 }}",
}


@proven("send_mail", "an SMTP server (aiosmtpd)")
def test_a_mail_arrives_as_it_was_written(run_builtin: Run, smtp: tuple[Post, Json]) -> None:
    post, credential = smtp

    [row] = rows_of(run_builtin("send_mail", credential, {**MAIL, "to": ["bob@example.com", "nobody@example.com"]}))

    mail = post.mails[-1]
    assert (mail["subject"], mail["from"]) == (MAIL["subject"], MAIL["from"])
    assert mail.get_content().strip() == MAIL["text"]
    assert (row["accepted"], row["rejected"]) == (["bob@example.com"], ["nobody@example.com"])
    assert row["message_id"] == mail["message-id"]


@proven("send_mail", "an SMTP server (aiosmtpd)")
@pytest.mark.parametrize(
    ("changes", "config", "expected"),
    [
        ({"password": "wr0ng"}, {}, ("credential_refused", False)),
        ({"port": 1}, {}, ("network", True)),
        ({}, {"to": ["nobody@example.com"]}, ("request_refused", False)),
        ({"security": "tls"}, {}, ("certificate", False)),
    ],
    ids=["password", "port", "receiver", "no TLS"],
)
def test_what_a_mail_server_refuses_is_told(
    run_builtin: Run, smtp: tuple[Post, Json], changes: Json, config: Json, expected: tuple[str, bool]
) -> None:
    assert refusal(run_builtin("send_mail", {**smtp[1], **changes}, {**MAIL, **config})) == expected
