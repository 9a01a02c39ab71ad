"""The page a member sees first: the tenant's integrations and how they fare."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from integrations.services import overview
from tenants import scope

PAGE_SIZE = 50


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    if scope.current() is None:
        return render(request, "home.html", {"page": None, "rows": []})
    page = Paginator(overview.integrations(), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "home.html", {"page": page, "rows": overview.of(list(page))})
