"""The catalogue: what everyone may choose, what is shown first, and what each connector asks for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Field, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from connectors import drawing, exchange, jobfiles
from connectors.admin import importing, preview
from connectors.admin.forms import ConnectorForm
from connectors.models import Connector

STATUS = {
    Connector.Status.PUBLISHED.label: "success",
    Connector.Status.DRAFT.label: "info",
    Connector.Status.DEPRECATED.label: "warning",
}
STAR = SafeString('<span class="hub-star" role="img" aria-label="Featured">★</span>')
NOT_LISTED = ("description", "readme", "schema", "template", "logo", "n8n_credentials", "oauth2", "test")


@admin.register(Connector)
class ConnectorAdmin(ModelAdmin):
    """Built-in rows follow their folders; what is decided here and stays is their status and their place."""

    form = ConnectorForm
    list_display = ("named", "type", "shown_source", "shown_status", "uses", "version", "star", "position")
    list_editable = ("position",)
    list_filter = ("status", "is_featured", "type", "source", ("tenant", AutocompleteSelectFilter))
    list_per_page = 50
    ordering = ("-is_featured", "position", "name")
    search_fields = ("name", "slug", "summary")
    readonly_fields = ("shown_source", "uses", "tier", "missing_since", "created_at", "updated_at")
    autocomplete_fields = ("tenant", "spark_job")
    actions = ("publish", "hide", "deprecate", "feature", "unfeature")
    actions_list = ("import_folder",)  # type: ignore[assignment]
    actions_detail = ("export_folder",)  # type: ignore[assignment]
    change_form_outer_before_template = "platform/connector_notes.html"  # type: ignore[assignment]
    fieldsets = (
        (None, {"fields": ("status", "is_featured", "position", "tenant")}),
        (
            "What it is",
            {"fields": ("name", "slug", "type", "version", "summary", "description", "categories", "docs_url")},
        ),
        ("What it asks for", {"fields": ("schema",)}),
        ("How it runs", {"fields": ("spark_job", "n8n_workflow_id", "template", "n8n_credentials", "oauth2", "test")}),
        ("How it looks", {"fields": ("logo", "readme")}),
        ("Its row", {"fields": ("shown_source", "uses", "tier", "missing_since", "created_at", "updated_at")}),
    )

    class Media:
        js = ("platform/editor.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Connector]:
        """Each row with the number of integrations that use it, counted in the same query."""
        living = Connector.objects.filter(pk=OuterRef("pk"), integrations__deleted_at=None).order_by()
        counted = living.values("pk").annotate(number=Count("integrations")).values("number")
        rows: QuerySet[Connector] = super().get_queryset(request).annotate(uses=Coalesce(Subquery(counted), 0))
        found = request.resolver_match
        return rows.defer(*NOT_LISTED) if found and found.url_name == "connectors_connector_changelist" else rows

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "position" and field:
            # In the list its name is the column's, which nobody hears who is told the fields alone.
            field.widget.attrs["aria-label"] = "Position"
        return field

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: integrations and past runs point at connectors. Hide them."""
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Write what was changed and nothing else: a sync may have written the rest meanwhile."""
        changed = [name for name in form.changed_data if name in form.cleaned_data]
        obj.save(update_fields=[*changed, "updated_at"] if change else None)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("preview", view(self.preview_view), name="connectors_connector_preview"),
            path("import", view(self.import_view), name="connectors_connector_import"),
            path("<uuid:pk>/logo", view(self.logo_view, cacheable=True), name="connectors_connector_logo"),
            path("<uuid:pk>/copy", view(self.copy_view), name="connectors_connector_copy"),
            *super().get_urls(),
        ]

    # Columns

    @display(description="connector", ordering="name")
    def named(self, row: Connector) -> SafeString:
        logo = reverse("admin:connectors_connector_logo", args=[row.pk])
        html = '<span class="hub-named"><img src="{}" alt="" width="36" height="36" loading="lazy">'
        return format_html(html + "<span>{}<small>{}</small></span></span>", logo, row.name, row.slug)

    @display(description="source", ordering="source")
    def shown_source(self, row: Connector) -> str:
        return str(row.get_source_display())

    @display(description="status", ordering="status", label=STATUS)
    def shown_status(self, row: Connector) -> str:
        return str(row.get_status_display())

    @display(description="integrations", ordering="uses")
    def uses(self, row: Connector) -> int:
        return int(getattr(row, "uses", 0))

    @display(description="featured", ordering="is_featured")
    def star(self, row: Connector) -> SafeString:
        return STAR if row.is_featured else SafeString("")

    # What is done to many

    @admin.action(description="Publish: everyone may choose them", permissions=("change",))
    def publish(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        gone = rows.exclude(missing_since=None).count()
        self._set(request, rows.filter(missing_since=None), Connector.Status.PUBLISHED)
        if gone:
            messages.warning(request, f"{gone} stay hidden: their folder is gone. Bring it back, then sync.")

    @admin.action(description="Hide: nobody finds them, what uses them goes on", permissions=("change",))
    def hide(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        self._set(request, rows, Connector.Status.HIDDEN)

    @admin.action(description="Deprecate: they can no longer be chosen", permissions=("change",))
    def deprecate(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        self._set(request, rows.filter(missing_since=None), Connector.Status.DEPRECATED)

    @admin.action(description="Feature: the gallery shows them first", permissions=("change",))
    def feature(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        messages.success(request, f"{_update(rows, is_featured=True)} now come first in the gallery.")

    @admin.action(description="Feature no longer", permissions=("change",))
    def unfeature(self, request: HttpRequest, rows: QuerySet[Connector]) -> None:
        messages.success(request, f"{_update(rows, is_featured=False)} now stand among the others.")

    def _set(self, request: HttpRequest, rows: QuerySet[Connector], status: Connector.Status) -> None:
        messages.success(request, f"{_update(rows, status=status)} now {status.label.lower()}.")

    # Folders

    @action(description="Import a folder", icon="upload", permissions=("add",))  # type: ignore[operator]
    def import_folder(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:connectors_connector_import")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not (self.has_add_permission(request) and self.has_change_permission(request)):
            raise PermissionDenied
        return importing.page(self, request)

    @action(description="Export its folder", icon="download", url_path="export", permissions=("view",))  # type: ignore[operator]
    def export_folder(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = get_object_or_404(Connector, pk=object_id)
        try:
            archive = exchange.pack(row)
        except jobfiles.Damaged as damaged:
            messages.error(request, f"{damaged} Upload it again under Spark jobs.")
            return _back(row)
        answer = HttpResponse(archive, content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="{row.slug}-{row.version}.zip"'
        return answer

    @method_decorator(require_POST)
    def copy_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return importing.copy(self, request, get_object_or_404(Connector, pk=pk))

    # What pages ask for

    def preview_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return preview.preview(request)

    def logo_view(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return drawing.answer(request, get_object_or_404(Connector.objects.only("name", "logo"), pk=pk))


def _update(rows: QuerySet[Connector], **values: Any) -> int:
    return Connector.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(
        **values, updated_at=timezone.now()
    )


def _back(row: Connector) -> HttpResponseRedirect:
    return redirect("admin:connectors_connector_change", row.pk)
