"""Signing in, passwords, and choosing the organisation to work for."""

from __future__ import annotations

from typing import Any

from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import (
    LoginView,
    PasswordChangeView,
    PasswordResetConfirmView,
    PasswordResetDoneView,
    PasswordResetView,
)
from django.contrib.messages.views import SuccessMessageMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from tenants.api.access import memberships
from tenants.services import first_start, members
from tenants.web import single_sign_on
from tenants.web.forms import LoginForm

FORM = ["get", "head", "post"]


class Login(LoginView):
    template_name = "login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
    http_method_names = FORM

    def get(self, request: HttpRequest, *args: str, **kwargs: Any) -> HttpResponse:
        return redirect("welcome") if first_start.is_due() else super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(single_sign_on=single_sign_on.name(), **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password is right; who has turned on a second step is asked for a code now."""
        answer: HttpResponse = perform_login(self.request, form.get_user(), redirect_url=self.get_success_url())
        return answer


class Forgotten(PasswordResetView):
    """Send a link to choose a new password; whether the address has an account is told to nobody."""

    template_name = "password/forgotten.html"
    email_template_name = "password/mail.txt"
    subject_template_name = "password/subject.txt"
    success_url = reverse_lazy("forgotten_sent")
    http_method_names = FORM


class Sent(PasswordResetDoneView):
    template_name = "password/sent.html"


@method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
class NewPassword(SuccessMessageMixin, PasswordResetConfirmView):  # type: ignore[type-arg]
    template_name = "password/new.html"
    success_url = reverse_lazy("login")
    success_message = _("Your new password is kept. Sign in with it.")


class ChangePassword(SuccessMessageMixin, PasswordChangeView):  # type: ignore[type-arg]
    template_name = "password/change.html"
    success_url = reverse_lazy("profile")
    success_message = _("Your new password is kept. Your other sessions have ended.")
    http_method_names = FORM


@login_required
@require_POST
def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Work for another of the user's tenants from now on."""
    slug = request.POST.get("tenant", "")
    member = members.choose(memberships(request), slug=slug) if slug else None
    if member is None:
        raise Http404("You are a member of no such organisation.")
    request.session["tenant"] = str(member.tenant_id)
    return redirect("home")
