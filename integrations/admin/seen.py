"""What the pages of the hub's own rows share: they show all tenants' and change none."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Manager, Model, QuerySet
from django.http import HttpRequest

from tenants.admin import ReadOnlyAdmin


class SeenAdmin(ReadOnlyAdmin):
    """Rows of all tenants, to look at only."""

    hidden: ClassVar[tuple[str, ...]] = ()
    """Fields that are shown to nobody."""
    heavy: ClassVar[tuple[str, ...]] = ()
    """Long columns that the list does not show, of the rows and of what is selected with them."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        manager: Manager[Any] = getattr(self.model, "everywhere", self.model._default_manager)
        left_out = (*self.hidden, *self.heavy) if self._is_list(request) else self.hidden
        return manager.defer(*left_out).order_by(*self.get_ordering(request) or ("pk",))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # Named one by one, so that no form is built: its choices would ask for a tenant.
        return [field.name for field in self.opts.concrete_fields if field.name not in self.hidden]

    def _is_list(self, request: HttpRequest) -> bool:
        found = request.resolver_match
        return found is not None and found.url_name == f"{self.opts.app_label}_{self.opts.model_name}_changelist"
