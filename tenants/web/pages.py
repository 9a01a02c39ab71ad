"""What the pages about a tenant share: who may open them, and what a refusal looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.generic import View

from tenants.api.access import Access, NoAccess, access_of
from tenants.roles import Role
from tenants.services.errors import Conflict

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class MemberPage(AccessMixin, View):
    """A page for members whose role covers `role`."""

    role = Role.VIEWER

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        try:
            self.access: Access = access_of(request)
        except NoAccess:
            return redirect("home")
        if not self.access.may(self.role):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class Button(MemberPage):
    """A form that only does something: it says what, and shows the page it was on."""

    page = ""
    done: StrOrPromise = ""
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **places: UUID) -> HttpResponse:
        try:
            self.press(**places)
        except Conflict as conflict:
            messages.error(request, conflict.detail)
        else:
            messages.success(request, self.done)
        return redirect(self.page)

    def press(self, **places: UUID) -> None:
        raise NotImplementedError


def with_secret(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """Show a page that holds a secret once: nothing on the way may keep it."""
    answer = render(request, template, context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
