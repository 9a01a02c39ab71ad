"""Rows of all tenants that need no more than a list and a page."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.paginator import InfinitePaginator

from integrations.admin.seen import SeenAdmin
from integrations.models import (
    Authorisation,
    Credential,
    Dataset,
    DatasetVersion,
    Deployment,
    Draft,
    Grant,
    Integration,
    IntegrationInput,
    OAuthClient,
    RunInput,
    TenantKey,
    VaultCanary,
)
from integrations.services import overview

CONNECTOR, TENANT = ("connector", AutocompleteSelectFilter), ("tenant", AutocompleteSelectFilter)
NOT_LISTED = (*(f"connector__{name}" for name in overview.NOT_SHOWN), "connector__schema")


@admin.register(Credential)
class CredentialAdmin(SeenAdmin):
    list_display = ("name", "connector", "tenant", "status", "verified_at", "last_used_at")
    list_filter = ("status", CONNECTOR, TENANT)
    list_select_related = ("connector", "tenant")
    search_fields = ("name",)
    hidden = ("data",)
    heavy = NOT_LISTED


@admin.register(Integration)
class IntegrationAdmin(SeenAdmin):
    list_display = ("name", "connector", "tenant", "enabled", "cron", "next_run_at", "created_at", "deleted_at")
    list_filter = ("enabled", CONNECTOR, TENANT)
    list_select_related = ("connector", "tenant")
    search_fields = ("name",)
    # A connector may keep a secret among the settings.
    hidden = ("config", "state")
    heavy = NOT_LISTED


@admin.register(IntegrationInput)
class IntegrationInputAdmin(SeenAdmin):
    list_display = ("name", "integration", "dataset", "tenant")
    list_select_related = ("integration", "dataset", "tenant")


@admin.register(RunInput)
class RunInputAdmin(SeenAdmin):
    list_display = ("name", "run_id", "version_id", "tenant")
    list_select_related = ("tenant",)
    paginator = InfinitePaginator


@admin.register(Dataset)
class DatasetAdmin(SeenAdmin):
    list_display = ("name", "integration", "tenant", "created_at")
    list_select_related = ("integration", "tenant")
    search_fields = ("name",)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(SeenAdmin):
    list_display = ("dataset", "run_id", "tenant", "rows", "bytes", "created_at")
    list_select_related = ("dataset", "tenant")
    heavy = ("schema",)
    paginator = InfinitePaginator


@admin.register(Deployment)
class DeploymentAdmin(SeenAdmin):
    list_display = ("key", "tenant", "engine", "connector", "connector_version", "retired_at", "created_at")
    list_filter = ("engine",)
    list_select_related = ("connector", "tenant")
    hidden = ("hook_token",)
    heavy = (*NOT_LISTED, "template", "credential_map")


@admin.register(OAuthClient)
class OAuthClientAdmin(SeenAdmin):
    list_display = ("client_id", "connector", "tenant", "updated_at")
    list_select_related = ("connector", "tenant")
    hidden = ("client_secret",)
    heavy = NOT_LISTED


@admin.register(Authorisation)
class AuthorisationAdmin(SeenAdmin):
    list_display = ("credential", "user", "tenant", "created_at", "expires_at", "used_at")
    list_select_related = ("credential", "user", "tenant")
    hidden = ("sha256", "session_sha256", "verifier")


@admin.register(Grant)
class GrantAdmin(SeenAdmin):
    list_display = ("credential", "tenant", "kind", "renewable", "renewed_at", "expires_at", "renew_at")
    list_filter = ("kind", "renewable")
    list_select_related = ("credential", "tenant")
    hidden = ("tokens",)


@admin.register(Draft)
class DraftAdmin(SeenAdmin):
    list_display = ("connector", "user", "tenant", "created_at", "updated_at")
    list_select_related = ("connector", "user", "tenant")
    hidden = ("data",)
    heavy = NOT_LISTED


@admin.register(TenantKey)
class TenantKeyAdmin(SeenAdmin):
    list_display = ("tenant", "ring_key_id", "created_at")
    list_select_related = ("tenant",)
    hidden = ("wrapped",)


@admin.register(VaultCanary)
class VaultCanaryAdmin(SeenAdmin):
    list_display = ("id", "ring_key_id")
    hidden = ("sealed", "own_key")
