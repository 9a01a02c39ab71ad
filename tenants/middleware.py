"""Each request begins without a tenant, works for one, and leaves none behind."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from tenants import origin, scope
from tenants.api.access import Access, chosen_member, grant
from tenants.models import User

ADMIN, API = "/admin/", "/api/"


class TenantMiddleware:
    """Enter the tenant of a signed-in page; the API's authentication enters its own. Both are left at the end.

    A streaming answer is sent after that: whatever makes its pieces must enter the tenant again.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token, place = scope.enter(None), origin.enter(request)
        try:
            if request.path_info.startswith(ADMIN):
                with scope.platform():
                    return self.get_response(request)
            if not request.path_info.startswith(API) and settings.SESSION_COOKIE_NAME in request.COOKIES:
                enter_page(request)
            return self.get_response(request)
        finally:
            scope.leave(token)
            origin.leave(place)
            structlog.contextvars.unbind_contextvars("tenant")


def enter_page(request: HttpRequest) -> None:
    if isinstance(user := request.user, User) and (member := chosen_member(request, user)):
        grant(request, Access.of(user, member.tenant, member.role))
