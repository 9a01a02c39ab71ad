"""One HTTP request over a connection to the very address that was checked, and its redirects, each checked anew."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urljoin

from django.utils.translation import gettext

from integrations.services.outbound import networks
from integrations.services.outbound.addresses import PORTS, Target, target_of
from integrations.services.outbound.errors import OutboundError, unencrypted, unreadable
from integrations.services.outbound.networks import Ip
from integrations.services.outbound.tls import secure

MOST_BYTES = 256 * 1024
MOST_REDIRECTS = 5
REDIRECTS = (301, 302, 303, 307, 308)
KEPT_IN_URLS = "%/:=&?~#+!$,;'@()*[]"
SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization")

Stage = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Order:
    """What to send. Headers named in `secret_headers` go to the first origin only, and are never shown.

    What is `private` goes over TLS, or within a network that the admin allowed.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    secret_headers: frozenset[str] = frozenset()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most so many bytes as were asked for. `certificate_days` are those its certificate lasts."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str = ""
    certificate_days: int | None = None

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


@dataclass(frozen=True, slots=True)
class Deadline:
    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        return max(self.at - time.monotonic(), 0.001)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.at


def send(
    order: Order,
    *,
    seconds: float,
    stage: Stage = lambda name: nullcontext(),
    most_bytes: int = MOST_BYTES,
    follow: bool = True,
) -> Answer:
    """Send, within so many seconds in all, whatever the other side does. Raises `OutboundError`.

    `stage` is entered for resolve, connect, tls and http of each hop. Without `follow` a redirect is the answer: for
    bodies that hold secrets.
    """
    deadline = Deadline.after(seconds)
    for _ in range(MOST_REDIRECTS + 1):
        answer = _exchange(order, deadline, stage, most_bytes)
        if not follow or answer.status not in REDIRECTS or not answer.header("location"):
            return answer
        order = _redirected(order, answer)
    raise OutboundError(
        "http", "too_many_redirects", gettext("The service redirects again and again."), gettext("Check the address.")
    )


def _redirected(order: Order, answer: Answer) -> Order:
    with suppress(ValueError):
        url = urljoin(order.url, answer.header("location"))
        if target_of(url).origin != target_of(order.url).origin:
            secret = {*SECRET_HEADERS, *(name.lower() for name in order.secret_headers)}
            kept = {name: value for name, value in order.headers.items() if name.lower() not in secret}
            order = replace(order, headers=kept)
        if answer.status == 303 or (answer.status in (301, 302) and order.method == "POST"):
            order = replace(order, method="GET", body=b"")
        return replace(order, url=url)
    raise unreadable(gettext("The service redirects to an address that cannot be read."), gettext("Check the address."))


def _exchange(order: Order, deadline: Deadline, stage: Stage, most_bytes: int) -> Answer:
    target = target_of(order.url)
    if target.scheme not in PORTS:
        raise unreadable(
            gettext("The address is neither http nor https."), gettext("Let it begin with https:// or http://.")
        )
    with stage("resolve"):
        ips = target.resolve(deadline.left)
        if order.private and target.scheme != "https" and not all(map(networks.is_listed, ips)):
            raise unencrypted()
    with stage("connect"):
        link = _connect(target, ips, deadline)
    with link, _cut_off(link, deadline):
        days = None
        if target.scheme == "https":
            with stage("tls"), _translated("tls", target, deadline):
                link, days = secure(link, target.host)
        with link, stage("http"), _translated("http", target, deadline):
            return replace(_converse(link, target, order, most_bytes), certificate_days=days)


def _connect(target: Target, ips: tuple[Ip, ...], deadline: Deadline) -> socket.socket:
    is_silent = False
    for number, ip in enumerate(ips, start=1):
        # The others get their turn too when the first one swallows what it is sent.
        patience = deadline.left / (len(ips) - number + 1)
        try:
            return socket.create_connection((str(ip), target.port), timeout=patience)
        except TimeoutError:
            is_silent = True
        except OSError:
            continue
    if is_silent:
        fix = gettext("Check host and port, and the firewalls between.")
        raise OutboundError(
            "connect", "timeout", gettext("%(netloc)s does not answer.") % {"netloc": target.netloc}, fix
        )
    fix = gettext("Check host and port, or start the service.")
    raise OutboundError(
        "connect", "refused", gettext("Nothing listens at %(netloc)s.") % {"netloc": target.netloc}, fix
    )


@contextmanager
def _cut_off(link: socket.socket, deadline: Deadline) -> Iterator[None]:
    """Cut the line at the deadline: a timeout counts from byte to byte, and a slow sender would never meet it."""
    twin = link.dup()

    def cut() -> None:
        with suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(deadline.left, cut)
    timer.daemon = True
    link.settimeout(deadline.left)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        twin.close()


@contextmanager
def _translated(step: str, target: Target, deadline: Deadline) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        if deadline.is_over or isinstance(error, TimeoutError):
            fix = gettext("It may be overloaded: try again later.")
            raise OutboundError(
                step, "timeout", gettext("%(netloc)s took too long to answer.") % {"netloc": target.netloc}, fix
            ) from None
        raise OutboundError(
            step,
            "broken_answer",
            gettext("%(netloc)s broke off or does not speak HTTP.") % {"netloc": target.netloc},
            gettext("Check the port and the scheme."),
        ) from None


def _converse(link: socket.socket, target: Target, order: Order, most_bytes: int) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = link
    connection.putrequest(
        order.method, quote(target.path, safe=KEPT_IN_URLS), skip_host=True, skip_accept_encoding=True
    )
    body = {"Content-Length": str(len(order.body))} if order.body or order.method not in ("GET", "HEAD") else {}
    for name, value in {"Host": target.netloc, "Connection": "close", **order.headers, **body}.items():
        connection.putheader(name, value)
    connection.endheaders(order.body or None)
    with connection.getresponse() as response:
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read(most_bytes), order.url)
