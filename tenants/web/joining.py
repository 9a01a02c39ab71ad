"""Joining an organisation by an invitation's link: with the account one has, or with a new one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View

from tenants.models import Invitation, Tenant, User
from tenants.services import invitations
from tenants.services.errors import Conflict, Mistake
from tenants.web import single_sign_on
from tenants.web.forms import AccountForm

BACKEND = "django.contrib.auth.backends.ModelBackend"


class AcceptInvitation(View):
    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = invitations.find(kwargs.pop("secret"))
        if found is None:
            return render(request, "tenants/invitation_gone.html", status=404)
        return super().dispatch(request, *args, invitation=found, **kwargs)

    def get(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        return self._page(request, invitation, AccountForm(email=invitation.email))

    def post(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        if isinstance(request.user, User):
            return self._accept(request, invitation, request.user)
        return self._join(request, invitation)

    def _accept(self, request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
        try:
            invitations.accept(invitation=invitation, user=user)
        except Conflict as conflict:
            messages.error(request, conflict.detail)
            return self._page(request, invitation, None, status=409)
        return welcome(request, invitation.tenant)

    def _join(self, request: HttpRequest, invitation: Invitation) -> HttpResponse:
        form = AccountForm(request.POST, email=invitation.email)
        if not form.is_valid():
            return self._page(request, invitation, form, status=400)
        try:
            user = invitations.join(invitation=invitation, **form.cleaned_data)
        except Mistake as mistake:
            form.add_error(mistake.pointer.removeprefix("/"), mistake.detail)
        except Conflict as conflict:
            form.add_error(None, conflict.detail)
        else:
            login(request, user, backend=BACKEND)
            return welcome(request, invitation.tenant)
        return self._page(request, invitation, form, status=400)

    def _page(
        self, request: HttpRequest, invitation: Invitation, form: AccountForm | None, status: int = 200
    ) -> HttpResponse:
        context = {"invitation": invitation, "form": form, "single_sign_on": single_sign_on.name()}
        answer = render(request, "tenants/invitation.html", context, status=status)
        answer["Referrer-Policy"] = "no-referrer"  # the address of this page is the secret
        return answer


def welcome(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    request.session["tenant"] = str(tenant.pk)
    messages.success(request, _("Welcome to %(name)s.") % {"name": tenant})
    return redirect("home")
