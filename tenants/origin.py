"""Where the current request comes from: the audit trail keeps it beside who did what."""

from __future__ import annotations

import ipaddress
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Origin:
    address: str = ""
    request_id: str = ""
    via: str = ""
    """`session`, or `token` and its first characters; empty for the hub's own work."""


NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    return _current.get()


def enter(request: HttpRequest) -> Token[Origin]:
    """Enter a request for the rest of this context; give the token to `leave`."""
    return _current.set(Origin(address_of(request), getattr(request, "id", "")))


def note(via: str) -> None:
    """Say how the request signed in; leaving forgets this too."""
    _current.set(replace(_current.get(), via=via))


def leave(token: Token[Origin]) -> None:
    _current.reset(token)


def address_of(request: HttpRequest) -> str:
    """Return the client's address, empty when there is none (a unix socket).

    Of X-Forwarded-For only what our own proxies added is believed: the entry that many places from the right.
    """
    named = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    count = settings.TRUSTED_PROXIES
    given = named[-count] if 0 < count <= len(named) else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ipaddress.ip_address(given.partition("%")[0]))
    except ValueError:
        return ""
