"""Runs of all tenants: to find one among a million, and to see what came of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from integrations.admin.seen import SeenAdmin
from integrations.domain import RunState
from integrations.models import Integration, Run
from tenants.web.tags import duration

FOUND_INTEGRATIONS = 100
INNER = (
    *("id", "queue", "due_at", "lease", "asked_at", "handle", "progress", "steps", "stumbles", "stumbled_at"),
    *("deployment", "idempotency_key", "order_fingerprint", "has_leftovers"),
)
COLOURS = {
    RunState.SUCCEEDED.label: "success",
    RunState.FAILED.label: "danger",
    RunState.TIMED_OUT.label: "danger",
    RunState.LOST.label: "danger",
    RunState.CANCELLED.label: "warning",
    RunState.CANCELLING.label: "warning",
    RunState.STARTING.label: "info",
    RunState.RUNNING.label: "info",
}


@admin.register(Run)
class RunAdmin(SeenAdmin):
    list_display = ("integration", "tenant", "shown_state", "trigger", "attempt", "rows", "queued_at", "took")
    list_filter = ("state", "trigger", ("tenant", AutocompleteSelectFilter))
    list_select_related = ("integration", "tenant")
    list_filter_submit = True
    heavy = (
        *("config", "handle", "progress", "metrics", "log", "failure", "steps"),
        *("integration__config", "integration__state"),
    )
    search_fields = ("id",)
    search_help_text = "A run's or an integration's id, or a part of an integration's name"
    # Counting a million rows costs more than showing fifty.
    paginator = InfinitePaginator
    readonly_fields = ("shown_state", "happened", "took", "log_lines")
    fieldsets = (
        ("What happened", {"fields": ("shown_state", "happened", "note")}),
        ("Of what", {"fields": ("integration", "tenant", "trigger", "requested_by", "connector_version", "attempt")}),
        ("When", {"fields": ("queued_at", "started_at", "finished_at", "took", "deadline_at", "cancel_requested_at")}),
        ("What came of it", {"fields": ("rows", "bytes", "metrics", "log_lines")}),
        ("What it was told", {"fields": ("config",)}),
        ("Inner workings", {"fields": INNER, "classes": ("collapse",)}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """Look up an id as such, and a name among the integrations: both by an index of the runs."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            wanted = UUID(term)
        except ValueError:
            named = Integration.everywhere.filter(name__icontains=term).values_list("pk", flat=True)
            return queryset.filter(integration__in=list(named[:FOUND_INTEGRATIONS])), False
        return queryset.filter(pk=wanted) | queryset.filter(integration=wanted), False

    @display(description="state", ordering="state", label=COLOURS)
    def shown_state(self, run: Run) -> str:
        return RunState(run.state).label

    @display(description="took")
    def took(self, run: Run) -> str:
        if run.started_at is None or run.finished_at is None:
            return "-"
        return duration((run.finished_at - run.started_at).total_seconds())

    @display(description="failure")
    def happened(self, run: Run) -> str:
        return render_to_string("platform/_failure.html", {"failure": run.failure}) if run.failure else "-"

    @display(description="log")
    def log_lines(self, run: Run) -> str:
        return format_html('<pre class="hub-log">{}</pre>', "\n".join(run.log)) if run.log else "-"
