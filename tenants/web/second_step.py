"""A second step after the password: turned on and off, its codes entered, its recovery codes shown once."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base import views as base
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.contrib.auth.mixins import LoginRequiredMixin
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods, require_safe

from tenants.services import accounts
from tenants.web import lockout

# Some of allauth's views look at much else before the method.
form_page = method_decorator(require_http_methods(["GET", "HEAD", "POST"]), name="dispatch")
page = method_decorator(require_safe, name="dispatch")


@form_page
class EnterCode(base.AuthenticateView):
    """The step itself. Wrong codes and wrong passwords are counted together."""

    template_name = "second_step/code.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if lockout.is_locked(request, self.stage.login.user):
            return lockout.answer(request, None, None)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Form) -> HttpResponse:
        lockout.note_failure(self.request, self.stage.login.user)
        return super().form_invalid(form)


@form_page
class ConfirmByPassword(LoginRequiredMixin, ReauthenticateView):
    """Before the second step is changed: an open browser is not enough."""

    template_name = "second_step/confirm.html"


@form_page
class ConfirmByCode(LoginRequiredMixin, base.ReauthenticateView):
    template_name = "second_step/confirm.html"


@page
class Overview(LoginRequiredMixin, base.IndexView):
    template_name = "second_step/overview.html"


@form_page
class TurnOn(LoginRequiredMixin, totp.ActivateTOTPView):
    template_name = "second_step/on.html"

    def form_valid(self, form: Form) -> HttpResponse:
        answer = super().form_valid(form)
        accounts.note(user=self.request.user, verb="turned on second step of")
        return answer


@form_page
class TurnOff(LoginRequiredMixin, totp.DeactivateTOTPView):
    template_name = "second_step/off.html"

    def form_valid(self, form: Form) -> HttpResponse:
        answer = super().form_valid(form)
        accounts.note(user=self.request.user, verb="turned off second step of")
        return answer


@page
class RecoveryCodes(LoginRequiredMixin, recovery_codes.ViewRecoveryCodesView):
    template_name = "second_step/codes.html"


@form_page
class NewRecoveryCodes(LoginRequiredMixin, recovery_codes.GenerateRecoveryCodesView):
    template_name = "second_step/new_codes.html"

    def form_valid(self, form: Form) -> HttpResponse:
        answer = super().form_valid(form)
        accounts.note(user=self.request.user, verb="renewed recovery codes of")
        return answer
