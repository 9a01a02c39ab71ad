import socket
import threading
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from django.conf import LazySettings

from integrations.services import outbound
from integrations.services.outbound import OutboundError, addresses, networks


@pytest.fixture(autouse=True)
def nothing_allowed(settings: LazySettings) -> None:
    settings.OUTBOUND_ALLOW = ()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the name server says."""
    known: dict[str, list[str]] = {}

    def look_up(name: str, port: Any, **how: Any) -> Any:
        if name not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [(0, 0, 0, "", (address, 0)) for address in known[name]]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
    return known


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "fe80::1", "fc00::1", "fd00:ec2::254",
        "fec0::1", "ff02::1", "2001:db8::1", "64:ff9b::127.0.0.1", "64:ff9b:1::10.0.0.1", "2002:7f00:1::",
        "2001:0:7f00:1::", "100::1",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused(ip: str) -> None:
    assert not networks.is_allowed(ip_address(ip))


@pytest.mark.parametrize("ip", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"])
def test_what_is_public_is_allowed(ip: str) -> None:
    assert networks.is_allowed(ip_address(ip))


@pytest.mark.parametrize(("network", "ip"), [("10.1.0.0/16", "10.1.2.3"), ("127.0.0.1/32", "::ffff:127.0.0.1")])
def test_an_admin_allows_a_network(settings: LazySettings, network: str, ip: str) -> None:
    settings.OUTBOUND_ALLOW = (ip_network(network),)

    assert networks.is_allowed(ip_address(ip))
    assert not networks.is_allowed(ip_address("10.2.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/",
        "http://0177.0.0.1/", "http://127.0.0.1./", "HTTP://127.0.0.1:8080/a?b", "http://[::1]/", "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:127.0.0.1]/", "http://localhost/", "http://LOCALHOST./", "http://a.localhost/",
        "http://１２７.0.0.1/", "http://127。0。0。1/", "http://①②⑦.0.0.1/", "http://ⓛocalhost/", "http://0/",
        "http://169.254.169.254/latest/meta-data/", "http://metadata.google.internal/", "localhost:5432", "127.0.0.1",
        "[::1]:80", "jdbc:postgresql://127.0.0.1:5432/hub", "s3a://127.0.0.1/bucket", "https://10.0.0.5:8443",
    ],
)  # fmt: skip
def test_no_way_to_write_an_inner_address_is_taken(url: str) -> None:
    error = outbound.problem(url)

    assert error is not None
    assert error.code == "address_not_allowed"
    assert "HUB_OUTBOUND_ALLOW" in error.fix


@pytest.mark.parametrize(
    "url",
    [
        "http://good.example@127.0.0.1/", "http://user:pass@good.example/", "http://good.example\\@127.0.0.1/",
        "http://good.example:80@127.0.0.1/", "http:127.0.0.1/", "http:/127.0.0.1/", "http:///127.0.0.1/", "http://",
        "http://good.example /", "http://good\t.example/", "http://%31%32%37.0.0.1/", "http://[fe80::1%25eth0]/",
        "http://[::1", "http://host:99999/", "http://1.2.3.4.5/", "http://08.0.0.1/", "http://a..b/", "http://a,b/",
        "file:///etc/passwd", "http://good.example\r\nX-Evil: 1/", "jdbc:mysql://root:secret@db.example/x", "",
    ],
)  # fmt: skip
def test_an_address_that_programs_read_differently_is_refused(url: str) -> None:
    error = outbound.problem(url)

    assert error is not None
    assert error.code == "address_unreadable"
    assert "secret" not in error.detail


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1?x=1", "http://8.8.8.8:8080/", "https://[2606:4700::1111]/", "https://bücher.example/",
        "db.example.com:5432", "urn:isbn:123", "mailto:a@example.com", "abfss://box@account.dfs.core.windows.net/x",
    ],
)  # fmt: skip
def test_what_leads_outside_is_taken(url: str) -> None:
    assert outbound.problem(url) is None


def test_a_name_is_judged_by_what_it_leads_to(names: dict[str, list[str]]) -> None:
    names.update({"inner.example": ["10.0.0.7"], "mixed.example": ["8.8.8.8", "::1"], "outer.example": ["8.8.8.8"]})

    for host in ("inner.example", "mixed.example"):
        with pytest.raises(OutboundError, match="own network") as refusal:
            outbound.check(f"https://{host}/", 5)
        assert "10.0.0.7" not in refusal.value.detail
    outbound.check("https://outer.example/", 5)
    outbound.check("https://unheard-of.example/", 5)


def test_a_name_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *a, **k: end.wait(60))
    try:
        with pytest.raises(OutboundError) as refusal:
            outbound.target_of("https://slow.example/").resolve(0.05)
        assert refusal.value.code == "timeout"
    finally:
        end.set()
