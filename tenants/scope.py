"""Which tenant the current request or task works for, and the managers that fail closed without one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self, TypeVar

from django.db import models

from tenants.reach import crossing, current, enter, is_platform, leave, platform, scope

_Row = TypeVar("_Row", bound=models.Model)
_whole: Any = models.QuerySet
"""With the methods that its stubs leave out."""


class NoTenant(RuntimeError):
    """Rows of a tenant were asked for while no tenant was entered."""


class TenantManager(models.Manager[_Row]):
    """Rows of the entered tenant; refuses to answer when there is none."""

    def get_queryset(self) -> models.QuerySet[_Row]:
        if is_platform():
            return super().get_queryset()
        tenant_id = current()
        if tenant_id is None:
            raise NoTenant(f"{self.model.__name__}.objects needs a tenant: enter one with tenants.scope.scope(...)")
        return super().get_queryset().filter(tenant_id=tenant_id)

    def none(self) -> models.QuerySet[_Row]:
        """No rows are no tenant's: the API's schema is made without one."""
        return super().get_queryset().none()


class Everywhere(models.QuerySet[_Row]):
    """Rows of all tenants. While a tenant is entered, PostgreSQL shows that tenant's alone even here."""

    _fetch_all = crossing()(models.QuerySet._fetch_all)
    _insert = crossing()(_whole._insert)
    _update = crossing()(_whole._update)
    _raw_delete = crossing()(models.QuerySet._raw_delete)
    aggregate = crossing()(models.QuerySet.aggregate)
    count = crossing()(models.QuerySet.count)
    delete = crossing()(models.QuerySet.delete)
    exists = crossing()(models.QuerySet.exists)
    explain = crossing()(models.QuerySet.explain)
    update = crossing()(models.QuerySet.update)

    def _iterator(self, *args: Any) -> Iterator[_Row]:
        # The caller's own statements between two rows are none of this one.
        rows, end = _whole._iterator(self, *args), object()
        step: Any = crossing()(next)
        while (row := step(rows, end)) is not end:
            yield row


class TenantOwned(models.Model):
    """A row of one tenant. `objects` is scoped; `everywhere` is for the hub's own work over all tenants."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[TenantManager[Self]] = TenantManager()
    everywhere: ClassVar[models.Manager[Self]] = models.Manager.from_queryset(Everywhere)()

    class Meta:
        abstract = True
        base_manager_name = "everywhere"

    @crossing()
    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        return super().delete(*args, **kwargs)


__all__ = [
    "Everywhere",
    "NoTenant",
    "TenantManager",
    "TenantOwned",
    "crossing",
    "current",
    "enter",
    "leave",
    "platform",
    "scope",
]
