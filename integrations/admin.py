"""Everything the hub keeps, to look at. Changes go through the API, where they are checked and recorded."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Manager, Model, QuerySet
from django.http import HttpRequest

from integrations.models import (
    Credential,
    Dataset,
    DatasetVersion,
    Deployment,
    Integration,
    IntegrationInput,
    Run,
    RunInput,
    TenantKey,
    VaultCanary,
)


class SeenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows of all tenants, to look at only."""

    hidden: ClassVar[tuple[str, ...]] = ()
    """Fields that are shown to nobody."""
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        manager: Manager[Any] = getattr(self.model, "everywhere", self.model._default_manager)
        return manager.defer(*self.hidden).order_by(*self.get_ordering(request) or ("pk",))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        # Named one by one, so that no form is built: its choices would ask for a tenant.
        return [field.name for field in self.opts.concrete_fields if field.name not in self.hidden]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Credential)
class CredentialAdmin(SeenAdmin):
    list_display = ("name", "connector", "tenant", "status", "verified_at", "last_used_at")
    list_filter = ("status", "connector")
    list_select_related = ("connector", "tenant")
    search_fields = ("name",)
    hidden = ("data",)


@admin.register(Integration)
class IntegrationAdmin(SeenAdmin):
    list_display = ("name", "connector", "tenant", "enabled", "cron", "next_run_at", "created_at", "deleted_at")
    list_filter = ("enabled", "connector")
    list_select_related = ("connector", "tenant")
    search_fields = ("name",)
    # A connector may keep a secret among the settings.
    hidden = ("config", "state")


@admin.register(Run)
class RunAdmin(SeenAdmin):
    list_display = ("id", "integration", "tenant", "state", "trigger", "attempt", "rows", "queued_at", "finished_at")
    list_filter = ("state", "trigger")
    list_select_related = ("integration", "tenant")
    search_fields = ("id", "integration__name")


@admin.register(IntegrationInput)
class IntegrationInputAdmin(SeenAdmin):
    list_display = ("name", "integration", "dataset", "tenant")
    list_select_related = ("integration", "dataset", "tenant")


@admin.register(RunInput)
class RunInputAdmin(SeenAdmin):
    list_display = ("name", "run", "version", "tenant")
    list_select_related = ("run", "version", "tenant")


@admin.register(Dataset)
class DatasetAdmin(SeenAdmin):
    list_display = ("name", "integration", "tenant", "created_at")
    list_select_related = ("integration", "tenant")
    search_fields = ("name",)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(SeenAdmin):
    list_display = ("id", "dataset", "run", "tenant", "rows", "bytes", "created_at")
    list_select_related = ("dataset", "run", "tenant")


@admin.register(Deployment)
class DeploymentAdmin(SeenAdmin):
    list_display = ("key", "tenant", "engine", "connector", "connector_version", "retired_at", "created_at")
    list_filter = ("engine",)
    list_select_related = ("connector", "tenant")
    hidden = ("hook_token",)


@admin.register(TenantKey)
class TenantKeyAdmin(SeenAdmin):
    list_display = ("tenant", "ring_key_id", "created_at")
    list_select_related = ("tenant",)
    hidden = ("wrapped",)


@admin.register(VaultCanary)
class VaultCanaryAdmin(SeenAdmin):
    list_display = ("id", "ring_key_id")
    hidden = ("sealed",)
