"""Whose rows may be seen now: those of one tenant, of all, or of none.

A database backend reads this, which is there before any model: nothing here knows one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from uuid import UUID

_current: ContextVar[UUID | None] = ContextVar("tenant", default=None)
_is_platform: ContextVar[bool] = ContextVar("is_platform", default=False)
_is_crossing: ContextVar[bool] = ContextVar("is_crossing", default=False)


def current() -> UUID | None:
    return _current.get()


def is_platform() -> bool:
    return _is_platform.get()


def sees_all() -> bool:
    """Tell whether a statement of this moment may see the rows of all tenants."""
    return _is_platform.get() or (_is_crossing.get() and _current.get() is None)


def enter(tenant_id: UUID | None) -> Token[UUID | None]:
    """Enter a tenant (or none) for the rest of this context; give the token to `leave`."""
    return _current.set(tenant_id)


def leave(token: Token[UUID | None]) -> None:
    _current.reset(token)


@contextmanager
def scope(tenant_id: UUID) -> Iterator[None]:
    token = enter(tenant_id)
    try:
        yield
    finally:
        leave(token)


@contextmanager
def platform() -> Iterator[None]:
    """Show the rows of all tenants, in a tenant's scope too: for the admin pages, where Django itself asks the scoped
    managers, and for what is asked about a person while they work for one of their tenants."""
    token = _is_platform.set(True)
    try:
        yield
    finally:
        _is_platform.reset(token)


@contextmanager
def crossing() -> Iterator[None]:
    """Let statements see the rows of all tenants unless one is entered: what `everywhere` does for its own."""
    token = _is_crossing.set(True)
    try:
        yield
    finally:
        _is_crossing.reset(token)
