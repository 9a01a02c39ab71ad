"""The first page of a new hub: who comes first makes the admin's account and the organisation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django.views.generic import View

from tenants.services import first_start
from tenants.services.errors import Conflict, Mistake
from tenants.web import joining
from tenants.web.forms import WelcomeForm


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class Welcome(View):
    """Once there is anybody, it only leads to the sign-in."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs) if first_start.is_due() else redirect("login")

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "welcome.html", {"form": WelcomeForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = WelcomeForm(request.POST)
        if form.is_valid():
            try:
                user, tenant = first_start.begin(**form.cleaned_data)
            except Mistake as mistake:
                form.add_error(mistake.pointer.removeprefix("/"), mistake.detail)
            except Conflict as conflict:
                messages.error(request, conflict.detail)
                return redirect("login")
            else:
                login(request, user, backend=joining.BACKEND)
                request.session["tenant"] = str(tenant.pk)
                messages.success(request, _("The hub is yours. Connect something first, then invite your team."))
                return redirect("home")
        return render(request, "welcome.html", {"form": form}, status=400)
