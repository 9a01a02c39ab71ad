"""What a URL or host name leads to, read so strictly that no other program can read it differently.

Python, n8n's JavaScript and Spark's Java disagree on odd addresses: what is one host here could be another there.
"""

from __future__ import annotations

import re
import socket
import unicodedata
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext, gettext_noop

from integrations.services.outbound import networks
from integrations.services.outbound.errors import OutboundError, not_allowed, unreadable
from integrations.services.outbound.networks import Ip

PORTS = {"http": 80, "https": 443}
LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "metadata.google.internal")
SPECIAL = ("http", "https", "ws", "wss", "ftp")
"""Schemes whose URLs programs mend before they use them: http:127.0.0.1 has a host for them."""
FULL_URL = gettext_noop("Give a full address, such as https://api.example.com/v1.")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
LOOKUPS = 16
"""Names that are looked up at once: the system's resolver knows no time limit, and a stuck one holds a thread."""

_lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads. `host` is an address or a name in ASCII, `path` is what a request line names."""

    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def ip(self) -> Ip | None:
        return ip_of(self.host)

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS.get(self.scheme) else f"{host}:{self.port}"

    def resolve(self, seconds: float) -> tuple[Ip, ...]:
        """Look the name up, once: connect to what is returned. Raises `OutboundError`, also for what is not allowed."""
        found = (self.ip,) if self.ip else lookup(self.host, seconds)
        if not all(networks.is_allowed(ip) for ip in found):
            raise not_allowed(
                gettext("%(host)s leads into the hub's own network, where it calls nothing for its users.")
                % {"host": self.host}
            )
        return found


def target_of(url: str) -> Target:
    """Read a URL. Raises `OutboundError`."""
    parts = _split(url)
    if not parts.hostname:
        raise unreadable(gettext("The address names no host."), FULL_URL)
    # Only storage URLs, such as abfss://container@account/, have a meaning for it that is no secret.
    if parts.password is not None or (parts.username is not None and parts.scheme in SPECIAL):
        raise unreadable(
            gettext("The address holds a user or a password before its host."),
            gettext("Take them out: they belong into the credential."),
        )
    port = parts.port or PORTS.get(parts.scheme, 0)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host_of(parts.hostname), port, path)


def host_of(text: str) -> str:
    """Return the host as an address in its plain form, or as a name in ASCII. Raises `OutboundError`."""
    if "%" in text:
        raise unreadable(gettext("The host holds a %."), gettext("Give the host as it is, without escapes or zones."))
    if ":" in text:
        return str(_ipv6(text))
    name = _ascii(text).removesuffix(".")
    if not name or ".." in f".{name}." or any(not (each.isalnum() or each in "-_.") for each in name):
        raise unreadable(gettext("The host is no host name."), FULL_URL)
    return str(_ipv4(name)) if _is_number(name.rpartition(".")[2]) else name


def ip_of(host: str) -> Ip | None:
    try:
        return IPv6Address(host) if ":" in host else IPv4Address(host)
    except AddressValueError:
        return None


def problem(address: str) -> OutboundError | None:
    """Judge a URL or a host without looking its name up: for the moment it is typed."""
    try:
        target = _any_target(address)
    except OutboundError as error:
        return error
    if target is None:
        return None
    is_local = target.host in LOCAL_NAMES or target.host.endswith(".localhost")
    ip = IPv4Address("127.0.0.1") if is_local else target.ip
    if ip is not None and not networks.is_allowed(ip):
        return not_allowed(
            gettext("%(host)s is in the hub's own network, where it calls nothing for its users.")
            % {"host": target.host}
        )
    return None


def check(address: str, seconds: float) -> None:
    """Look up what an engine is about to be given. Raises `OutboundError` when it leads where nobody may go.

    A name that cannot be looked up passes: the engine says better what it needed it for.
    """
    target = _any_target(address)
    try:
        if target is not None:
            target.resolve(seconds)
    except OutboundError as error:
        if error.code == "address_not_allowed":
            raise


def lookup(name: str, seconds: float) -> tuple[Ip, ...]:
    pending: Future[tuple[Ip, ...]] = _lookups.submit(_lookup, name)
    try:
        return pending.result(max(seconds, 0.001))
    except TimeoutError:
        pending.cancel()
        raise OutboundError(
            "resolve",
            "timeout",
            gettext("Looking up %(name)s took too long.") % {"name": name},
            gettext("Check the hub's name servers, or try again."),
        ) from None


def _lookup(name: str) -> tuple[Ip, ...]:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundError(
            "resolve",
            "unknown_host",
            gettext("There is no host called %(name)s.") % {"name": name},
            gettext("Check how its name is spelt."),
        ) from None
    addresses = dict.fromkeys(str(each[4][0]).partition("%")[0] for each in found)
    return tuple(ip for ip in map(ip_of, addresses) if ip is not None)


def _any_target(address: str) -> Target | None:
    """Read a URL of any scheme, or a host with or without a port; None for a URI that calls nobody, such as urn:x."""
    bare = address.removeprefix("jdbc:")
    scheme, _, rest = bare.partition(":")
    is_uri = SCHEME.fullmatch(scheme) is not None and bool(rest) and not rest.isdigit()
    if not is_uri:
        return target_of(f"//{bare}")
    if scheme.lower() == "file":
        raise unreadable(gettext("The address is a file of the machine that would read it."), FULL_URL)
    return target_of(bare) if rest.startswith("//") or scheme.lower() in SPECIAL else None


def _split(url: str) -> SplitResult:
    if any(each <= " " or each in "\\\x7f" for each in url):
        raise unreadable(gettext("The address holds a space, a backslash or a control character."), FULL_URL)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise unreadable(gettext("The address cannot be read."), FULL_URL) from None
    return parts


def _ascii(text: str) -> str:
    """Browsers and n8n read full-width digits and odd dots as the plain ones: so do we, before we judge."""
    plain = unicodedata.normalize("NFKC", text).replace("\u3002", ".").lower()
    try:
        return plain if plain.isascii() else plain.encode("idna").decode()
    except UnicodeError:
        raise unreadable(gettext("The host is no host name."), FULL_URL) from None


def _is_number(label: str) -> bool:
    return label.isdigit() or label.startswith("0x")


def _ipv4(text: str) -> IPv4Address:
    """Read every form that C and browsers read: 127.1, 0x7f000001, 2130706433, 0177.0.0.1."""
    try:
        return IPv4Address(socket.inet_aton(text))
    except OSError:
        raise unreadable(gettext("The host is a number, yet no address."), FULL_URL) from None


def _ipv6(text: str) -> IPv6Address:
    try:
        return IPv6Address(text)
    except AddressValueError:
        raise unreadable(gettext("The host is no IPv6 address."), FULL_URL) from None
