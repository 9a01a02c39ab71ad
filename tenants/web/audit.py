"""The audit trail: read, narrowed, taken away as a file."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from rest_framework.request import Request

from tenants.api.filters import AuditFilter
from tenants.api.pagination import Pages
from tenants.api.problems import Problem
from tenants.api.views import exported
from tenants.models import AuditEvent
from tenants.roles import Role
from tenants.services import changes
from tenants.web.forms import AuditForm
from tenants.web.pages import MemberPage


def narrowed(request: HttpRequest) -> QuerySet[AuditEvent]:
    rows = AuditEvent.objects.order_by("-at", "-id")
    found = AuditFilter(request.GET, queryset=rows)
    return found.qs if found.is_valid() else rows.none()


class Audit(MemberPage):
    role = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponse:
        pages = Pages()
        try:
            events = pages.paginate_queryset(narrowed(request), Request(request))
        except Problem as problem:
            raise BadRequest(problem.detail) from None
        links = pages.get_paginated_response(None).data
        query = request.GET.copy()
        query.pop("cursor", None)
        told = [(event, changes.between(event.before, event.after)) for event in events]
        form = AuditForm(initial=request.GET.dict())
        context = {"events": told, "page": links, "form": form, "query": query.urlencode()}
        return render(request, "tenants/audit.html", context)


class AuditExport(MemberPage):
    role = Role.ADMIN

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = "csv" if request.GET.get("format") == "csv" else "ndjson"
        return exported(narrowed(request), self.access.tenant_id, form)
