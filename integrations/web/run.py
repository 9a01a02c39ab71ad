"""The page of one run, and its buttons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.middleware import HtmxDetails

from integrations.domain import EngineError
from integrations.models import Run
from integrations.services import cells, datasets, logs, overview, reports, requests
from integrations.services.errors import Refused
from integrations.web.asking import number_of
from tenants.api.streaming import Streamed
from tenants.roles import Role
from tenants.scope import scope
from tenants.web.pages import MemberPage

TABS = {
    "log": gettext_lazy("Log"),
    "rows": gettext_lazy("Rows"),
    "settings": gettext_lazy("Settings"),
    "comparison": gettext_lazy("Compared"),
}
PARTS = {"run": "runs/_run.html", "tab": "runs/_tab.html", "log-more": "runs/_log_lines.html"}
"""What htmx asks for alone, by the id of the element that it goes to."""
ROWS_AT_ONCE = 50
LARGEST = 2**53


class RunPage(MemberPage):
    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = get_object_or_404(reports.run(), pk=pk)
        htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        part = (htmx.target or "") if htmx and not htmx.history_restore_request else ""
        context = {"report": reports.report(run), "run": run, "may_run": self.access.may(Role.OPERATOR)}
        context |= {"may_edit": self.access.may(Role.EDITOR), "raw_failure": cells.pretty(run.failure or {})}
        if part != "run":
            context |= tab_of(request, run, is_patient=bool(part))
        answer = render(request, PARTS.get(part, "runs/run.html"), context)
        patch_vary_headers(answer, ["HX-Request", "HX-Target"])
        return answer


class RunLog(MemberPage):
    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The whole log as a text file, read from the engine while it is sent."""
        run = get_object_or_404(overview.run(), pk=pk)
        headers = {"Content-Disposition": f'attachment; filename="run-{run.pk}.log"'}
        return Streamed(as_text(run), content_type="text/plain; charset=utf-8", headers=headers)


class RunButton(MemberPage):
    """Asks something of a run, and shows the page of the run that came of it."""

    role = Role.OPERATOR
    http_method_names = ["post"]
    done: Promise | str = ""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        run = get_object_or_404(overview.run(), pk=pk)
        try:
            run = self.press(run)
        except Refused as refusal:
            messages.error(request, f"{refusal.detail} {refusal.fix}".strip())
        else:
            messages.success(request, str(self.done))
        return redirect("run_page", run.pk)

    def press(self, run: Run) -> Run:
        raise NotImplementedError


class Cancel(RunButton):
    done = gettext_lazy("The end of the run is asked for.")

    def press(self, run: Run) -> Run:
        return requests.cancel(run=run, by=self.access.user)


class Retry(RunButton):
    done = gettext_lazy("It runs again, with the settings as they are now.")

    def press(self, run: Run) -> Run:
        return requests.retry(run=run, by=self.access.user)


def tab_of(request: HttpRequest, run: Run, *, is_patient: bool) -> dict[str, Any]:
    """What the chosen tab shows. Whoever is not patient is not made to wait for an engine."""
    tab = request.GET.get("tab", "log")
    context: dict[str, Any] = {"tab": tab if tab in TABS else "log", "tabs": TABS.items()}
    match tab:
        case "rows":
            return context | rows_of(request, run)
        case "settings":
            return context | {"settings": cells.pretty(run.config), "metrics": cells.pretty(run.metrics)}
        case "comparison":
            return context | {"comparison": reports.comparison(run)}
    return context | log_of(request, run, is_patient=is_patient or "cursor" in request.GET)


def rows_of(request: HttpRequest, run: Run) -> dict[str, Any]:
    offset, version = number_of(request, "offset", LARGEST), overview.version_of(run)
    if version and not datasets.is_there(version):
        return {"is_gone": True}
    return {"grid": datasets.grid(version=version, limit=ROWS_AT_ONCE, offset=offset)}


def log_of(request: HttpRequest, run: Run, *, is_patient: bool) -> dict[str, Any]:
    if not is_patient and not logs.is_at_hand(run):
        return {"is_log_awaited": True}
    asked = {name: request.GET.get(name, "")[:500] for name in ("cursor", "words", "level")}
    try:
        return {**asked, "log": logs.look(run, **asked)}
    except EngineError as error:
        return {**asked, "log_problem": error.failure.fix or _("Try again in a moment.")}


def as_text(run: Run) -> Iterator[str]:
    """The log piece by piece; each is read in whatever thread is free, which enters the tenant itself."""
    pieces = logs.whole(run)
    while True:
        with scope(run.tenant_id):
            try:
                piece = next(pieces, None)
            except EngineError as error:
                silent = _("The engine does not answer.")
                piece, pieces = f"{silent} {error.failure.fix}\n", iter(())
        if piece is None:
            return
        yield piece
