"""What the provider of `identity_provider` serves, and what it tells about people."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import include, path
from oauth2_provider.oauth2_validators import OAuth2Validator


class Claims(OAuth2Validator):
    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        user = request.user
        return {"email": user.email, "email_verified": user.last_name == "verified", "given_name": user.username}


def sign_in(request: HttpRequest) -> HttpResponse:
    login(request, User.objects.get(username=request.GET["user"]))
    return HttpResponse("ok")


def change(request: HttpRequest) -> HttpResponse:
    User.objects.filter(username=request.GET["user"]).update(email=request.GET["email"])
    return redirect("/")


urlpatterns = [
    path("login", sign_in),
    path("change", change),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
