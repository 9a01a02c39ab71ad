"""The engines' page: reachable or not, what waits, what they last failed with, and what to do."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from integrations.services import standing


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("integrations.view_run"):
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": "Engines", "engines": standing.of_engines()}
    return TemplateResponse(request, "platform/engines.html", context)
