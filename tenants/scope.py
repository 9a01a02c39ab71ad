"""Which tenant the current request or task works for, and the managers that fail closed without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import ClassVar, Self, TypeVar
from uuid import UUID

from django.db import models

_current: ContextVar[UUID | None] = ContextVar("tenant", default=None)
_is_platform: ContextVar[bool] = ContextVar("is_platform", default=False)
_Row = TypeVar("_Row", bound=models.Model)


class NoTenant(RuntimeError):
    """Rows of a tenant were asked for while no tenant was entered."""


def current() -> UUID | None:
    return _current.get()


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
    """Show the rows of all tenants: for the admin pages alone, where Django itself asks the scoped managers."""
    token = _is_platform.set(True)
    try:
        yield
    finally:
        _is_platform.reset(token)


class TenantManager(models.Manager[_Row]):
    """Rows of the entered tenant; refuses to answer when there is none."""

    def get_queryset(self) -> models.QuerySet[_Row]:
        if _is_platform.get():
            return super().get_queryset()
        tenant_id = current()
        if tenant_id is None:
            raise NoTenant(f"{self.model.__name__}.objects needs a tenant: enter one with tenants.scope.scope(...)")
        return super().get_queryset().filter(tenant_id=tenant_id)

    def none(self) -> models.QuerySet[_Row]:
        """No rows are no tenant's: the API's schema is made without one."""
        return super().get_queryset().none()


class TenantOwned(models.Model):
    """A row of one tenant. `objects` is scoped; `everywhere` is for the hub's own work over all tenants."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[TenantManager[Self]] = TenantManager()
    everywhere: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "everywhere"
