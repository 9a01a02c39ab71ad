"""What django-axes asks: who tries to sign in, from where, and what they read when they tried too often."""

from __future__ import annotations

from collections.abc import Mapping

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from tenants import origin
from tenants.models import User


def name_of(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """Return the address tried, as the accounts know it: in whatever case it is written, it is one."""
    known = credentials or {}
    given = known.get("username") or known.get(User.USERNAME_FIELD) or request.POST.get("username", "")
    return given.strip().lower()[:254]


def address_of(request: HttpRequest) -> str | None:
    return origin.address_of(request) or None


def is_locked(request: HttpRequest, user: User) -> bool:
    return not AxesProxyHandler.is_allowed(request, {"username": user.email})


def note_failure(request: HttpRequest, user: User) -> None:
    """Count a wrong code as a wrong password is counted; the answer becomes the refusal when it was one too many."""
    user_login_failed.send(sender=__name__, credentials={"username": user.email}, request=request)


def answer(request: HttpRequest, _: HttpResponseBase | None, credentials: Mapping[str, str] | None) -> HttpResponse:
    minutes = settings.LOGIN_LOCK_MINUTES
    locked = render(request, "locked.html", {"minutes": minutes}, status=429)
    locked["Retry-After"] = str(minutes * 60)
    return locked
