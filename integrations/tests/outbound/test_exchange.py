import socket
import threading
from contextlib import contextmanager
from ipaddress import IPv4Address, ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from integrations.services import outbound
from integrations.services.outbound import Order, OutboundError, addresses
from integrations.tests.outbound.serving import Reply, certificate, served


def ok(method: str, path: str, headers: dict[str, str]) -> Reply:
    return 200, {"Content-Type": "application/json"}, b'{"ok": true}'


def refused(order: Order, seconds: float = 30) -> OutboundError:
    with pytest.raises(OutboundError) as refusal:
        outbound.send(order, seconds=seconds)
    return refusal.value


def test_an_order_is_sent_and_answered() -> None:
    with served(ok) as server:
        order = Order(f"{server.url}/a b?q=ü", "POST", {"X-Key": "k"}, b"{}")
        answer = outbound.send(Order(order.url.replace(" ", "%20"), "POST", {"X-Key": "k"}, b"{}"), seconds=30)

    [(method, path, headers, body)] = server.asked
    assert (answer.status, answer.body, answer.header("content-type")) == (200, b'{"ok": true}', "application/json")
    assert (method, path, body) == ("POST", "/a%20b?q=%C3%BC", b"{}")
    assert (headers["host"], headers["x-key"]) == (f"127.0.0.1:{server.port}", "k")


def test_nothing_is_sent_where_nobody_may_go(settings: LazySettings) -> None:
    settings.OUTBOUND_ALLOW = ()
    with served(ok) as server:
        error = refused(Order(server.url))

    assert (error.step, error.code, server.asked) == ("resolve", "address_not_allowed", [])


def test_secrets_go_to_the_public_network_over_tls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "lookup", lambda name, seconds: (IPv4Address("93.184.215.14"),))

    error = refused(Order("http://login.example/token", "POST", body=b"client_secret=s", private=True))

    assert (error.step, error.code, error.fix) == ("resolve", "address_unencrypted", "Let it begin with https://.")


def test_a_name_is_looked_up_once_and_that_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that answers a public address first and an inner one then gets nothing from it."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(name: str, *args: Any, **how: Any) -> Any:
        if name != "rebound.example":
            return real(name, *args, **how)
        asked.append(name)
        return [(0, 0, 0, "", ("127.0.0.1" if len(asked) == 1 else "10.0.0.1", 0))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", rebinding)
    with served(ok) as server:
        answer = outbound.send(Order(f"http://rebound.example:{server.port}/"), seconds=30)

    assert (answer.status, asked) == (200, ["rebound.example"])
    assert server.asked[0][2]["host"] == f"rebound.example:{server.port}"


def test_a_redirect_is_followed_only_where_one_may_go(settings: LazySettings) -> None:
    settings.OUTBOUND_ALLOW = (ip_network("127.0.0.1/32"),)
    with served(lambda *_: (302, {"Location": "http://127.0.0.2:1/secrets"}, b"")) as server:
        error = refused(Order(server.url))

    assert (error.code, len(server.asked)) == ("address_not_allowed", 1)


def test_a_redirect_takes_no_secret_to_another_origin() -> None:
    with served(ok) as other, served(lambda *_: (307, {"Location": f"{other.url}/there"}, b"")) as server:
        headers = {"Authorization": "Bearer planted", "X-Key": "planted", "Accept": "application/json"}
        answer = outbound.send(Order(server.url, headers=headers, secret_headers=frozenset({"x-key"})), seconds=30)

    assert (answer.status, answer.url) == (200, f"{other.url}/there")
    assert "planted" in str(server.asked) and "planted" not in str(other.asked)
    assert other.asked[0][2]["accept"] == "application/json"


def test_a_redirect_within_an_origin_keeps_what_was_sent() -> None:
    def reply(method: str, path: str, headers: dict[str, str]) -> Reply:
        return (308, {"Location": "/new"}, b"") if path == "/old" else ok(method, path, headers)

    with served(reply) as server:
        outbound.send(Order(f"{server.url}/old", "POST", {"Authorization": "a"}, b"{}"), seconds=30)

    assert [(each[0], each[1], each[2]["authorization"], each[3]) for each in server.asked] == [
        ("POST", "/old", "a", b"{}"),
        ("POST", "/new", "a", b"{}"),
    ]


def test_redirects_without_end_are_ended() -> None:
    with served(lambda *_: (301, {"Location": "/again"}, b"")) as server:
        assert refused(Order(server.url)).code == "too_many_redirects"


@pytest.mark.parametrize("where", ["http://[::1", "ftp://files.example/", "http://a@127.0.0.1/", "file:///etc/passwd"])
def test_a_redirect_to_something_odd_is_refused(where: str) -> None:
    with served(lambda *_: (302, {"Location": where}, b"")) as server:
        assert refused(Order(server.url)).code == "address_unreadable"


def test_nobody_listening_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = refused(Order(f"http://127.0.0.1:{taken.getsockname()[1]}/"))

    assert (error.step, error.code) == ("connect", "refused")


def test_a_slow_sender_is_cut_off() -> None:
    end = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            link, _ = listener.accept()
            with link:
                try:
                    while not end.wait(0.02):
                        link.sendall(b"H")
                except OSError:
                    return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        error = refused(Order(f"http://127.0.0.1:{listener.getsockname()[1]}/"), seconds=0.5)
        end.set()
        thread.join(60)

    assert (error.step, error.code) == ("http", "timeout")


def test_a_large_answer_is_read_in_part() -> None:
    with served(lambda *_: (200, {}, b"x" * 100_000)) as server:
        assert len(outbound.send(Order(server.url), seconds=30, most_bytes=1000).body) == 1000


@pytest.mark.parametrize("header", ["a\r\nX-Evil: 1", "a\nb"])
def test_no_header_is_smuggled_in(header: str) -> None:
    with served(ok) as server:
        refused(Order(server.url, headers={"X-Key": header}))

    assert server.asked == []


def test_a_certificate_is_checked_and_its_days_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, authority = certificate(tmp_path, days=33)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with served(ok, context) as server:
        answer = outbound.send(Order(server.url.replace("http", "https")), seconds=30)

    assert (answer.status, answer.certificate_days) == (200, 33)


@pytest.mark.parametrize(
    ("how", "words"),
    [({"days": -5}, "expired"), ({"name": "other.example"}, "another"), ({}, "signed")],
)
def test_a_bad_certificate_says_what_is_wrong(
    how: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = certificate(tmp_path, **how)
    if how:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with served(ok, context) as server:
        error = refused(Order(server.url.replace("http", "https")))

    assert (error.step, error.code) == ("tls", "certificate")
    assert words in error.detail


def test_a_server_without_tls_is_told() -> None:
    with served(ok) as server:
        assert refused(Order(server.url.replace("http", "https"))).step == "tls"


def test_stages_are_entered_in_order() -> None:
    seen: list[str] = []

    @contextmanager
    def stage(name: str) -> Any:
        seen.append(name)
        yield

    with served(ok) as server:
        outbound.send(Order(server.url), seconds=30, stage=stage)

    assert seen == ["resolve", "connect", "http"]
