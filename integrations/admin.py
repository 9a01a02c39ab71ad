"""Everything the hub keeps, to look at. Changes go through the API, where they are checked and recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
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


class Seen:
    """Rows of all tenants, to look at only."""

    model: type[Model]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        manager = getattr(self.model, "everywhere", None) or self.model._default_manager
        return manager.get_queryset()

    def has_add_permission(self, request: HttpRequest, *_: object) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class SeenAdmin(Seen, admin.ModelAdmin):  # type: ignore[type-arg]
    list_per_page = 50
    show_full_result_count = False


class InputsOfIntegration(Seen, admin.TabularInline):  # type: ignore[type-arg]
    model = IntegrationInput
    exclude = ("tenant",)
    extra = 0


class InputsOfRun(Seen, admin.TabularInline):  # type: ignore[type-arg]
    model = RunInput
    exclude = ("tenant",)
    extra = 0


@admin.register(Credential)
class CredentialAdmin(SeenAdmin):
    list_display = ("name", "connector", "tenant", "status", "verified_at", "last_used_at")
    list_filter = ("status", "connector")
    list_select_related = ("connector", "tenant")
    search_fields = ("name",)
    exclude = ("data",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("data")


@admin.register(Integration)
class IntegrationAdmin(SeenAdmin):
    list_display = ("name", "connector", "tenant", "enabled", "cron", "next_run_at", "created_at", "deleted_at")
    list_filter = ("enabled", "connector")
    list_select_related = ("connector", "tenant")
    search_fields = ("name",)
    # A connector may keep a secret among the settings.
    exclude = ("config", "state")
    inlines = (InputsOfIntegration,)


@admin.register(Run)
class RunAdmin(SeenAdmin):
    list_display = ("id", "integration", "tenant", "state", "trigger", "attempt", "rows", "queued_at", "finished_at")
    list_filter = ("state", "trigger")
    list_select_related = ("integration", "tenant")
    search_fields = ("id", "integration__name")
    inlines = (InputsOfRun,)


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
    exclude = ("hook_token",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("hook_token")


@admin.register(TenantKey)
class TenantKeyAdmin(SeenAdmin):
    list_display = ("tenant", "ring_key_id", "created_at")
    list_select_related = ("tenant",)
    exclude = ("wrapped",)


@admin.register(VaultCanary)
class VaultCanaryAdmin(SeenAdmin):
    list_display = ("id", "ring_key_id")
    exclude = ("sealed",)
