"""How a person is called and wants to see the pages."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.generic import View

from tenants.models import User
from tenants.services import accounts
from tenants.web.forms import ProfileForm


class Profile(LoginRequiredMixin, View):
    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        user = self._me(request)
        known = {"name": user.get_full_name(), "time_zone": user.time_zone}
        form = ProfileForm(initial={**known, "language": user.language, "theme": user.theme})
        return render(request, "tenants/profile.html", {"form": form})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return render(request, "tenants/profile.html", {"form": form}, status=400)
        user = self._me(request)
        accounts.change_profile(user=user, **form.cleaned_data)
        with translation.override(user.language or translation.get_language()):
            messages.success(request, _("Your profile is kept."))
        return redirect("profile")

    def _me(self, request: HttpRequest) -> User:
        return User.objects.get(pk=str(request.user.pk))
