"""The admin pages as one site: signing in is the hub's own, and every page wears the same clothes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.db.models.base import ModelBase
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin as Dressed
from unfold.sites import UnfoldAdminSite


class HubSite(UnfoldAdminSite):
    index_title = "Dashboard"

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """Register; pages that an installed package brings get this site's clothes, its other ways stay its own."""
        bare = admin_class or ModelAdmin
        if not issubclass(bare, Dressed):
            bare = type(bare.__name__, (bare, Dressed), {"__module__": bare.__module__})
        models = [model_or_iterable] if isinstance(model_or_iterable, ModelBase) else model_or_iterable
        super().register(models, bare, **options)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send to the hub's own sign-in, so that its lockout and its second factor stand before these pages too."""
        target = self._target(request)
        if self.has_permission(request):
            return redirect(target)
        if request.user.is_authenticated:
            # Sent to sign in again, they would come straight back.
            raise PermissionDenied("These pages are for the platform's staff. Ask one of them for what you need.")
        return redirect_to_login(target)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("change_password")

    def _target(self, request: HttpRequest) -> str:
        target = request.GET.get("next", "")
        if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
            return target
        return reverse("admin:index", current_app=self.name)
