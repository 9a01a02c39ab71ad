"""Signing in, and choosing the organisation to work for."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from tenants.models import User
from tenants.services import members
from tenants.web.forms import LoginForm


class Login(LoginView):
    template_name = "login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True
    http_method_names = ["get", "head", "post"]


@login_required
@require_POST
def choose_tenant(request: HttpRequest) -> HttpResponse:
    """Work for another of the user's tenants from now on."""
    slug = request.POST.get("tenant", "")
    member = members.choose(members.of_user(cast(User, request.user)), slug=slug) if slug else None
    if member is None:
        raise Http404("You are a member of no such organisation.")
    request.session["tenant"] = str(member.tenant_id)
    return redirect("home")
