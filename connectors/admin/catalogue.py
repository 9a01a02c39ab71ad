"""The catalogue for the platform's staff."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from connectors import schemas, svg
from connectors.models import Connector


class ConnectorForm(forms.ModelForm[Connector]):
    class Meta:
        model = Connector
        exclude = ("missing_since",)

    def clean_schema(self) -> dict[str, Any]:
        """A plain object schema is taken apart into what is secret and what is not."""
        schema = self.cleaned_data["schema"] or {}
        if errors := schemas.check(schema):
            raise forms.ValidationError([f"{error.pointer or '/'}: {error.detail}" for error in errors])
        return schemas.split(schema)

    def clean_logo(self) -> str:
        logo: str = self.cleaned_data["logo"]
        if logo and (problems := svg.problems(logo)):
            raise forms.ValidationError(problems)
        return logo


@admin.register(Connector)
class ConnectorAdmin(ModelAdmin):
    """Built-in rows follow their folders; what is decided here and stays is their status."""

    form = ConnectorForm
    list_display = ("name", "slug", "type", "source", "status", "version", "tenant", "updated_at")
    list_filter = ("status", "type", "source")
    list_select_related = ("tenant",)
    search_fields = ("name", "slug", "summary")
    readonly_fields = ("tier", "missing_since", "created_at", "updated_at")
    raw_id_fields = ("tenant", "spark_job")
    actions = ("publish", "hide", "deprecate")

    def has_delete_permission(self, request: HttpRequest, obj: Connector | None = None) -> bool:
        """Never: integrations and past runs point at connectors. Hide them."""
        return False

    @admin.action(description="Publish: everyone may choose them")
    def publish(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        gone = rows.exclude(missing_since=None).count()
        self._set(request, rows.filter(missing_since=None), Connector.Status.PUBLISHED)
        if gone:
            messages.warning(request, f"{gone} stay hidden: their folder is gone. Bring it back, then sync.")

    @admin.action(description="Hide: nobody finds them, what uses them goes on")
    def hide(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        self._set(request, rows, Connector.Status.HIDDEN)

    @admin.action(description="Deprecate: they can no longer be chosen")
    def deprecate(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        self._set(request, rows.filter(missing_since=None), Connector.Status.DEPRECATED)

    def _set(self, request: HttpRequest, rows: QuerySet[Connector], status: Connector.Status) -> None:
        count = rows.update(status=status, updated_at=timezone.now())
        messages.success(request, f"{count} now {status.label.lower()}.")
