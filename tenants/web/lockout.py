"""What django-axes asks: who tries to sign in, from where, and what they read when they tried too often."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from tenants import origin


def name_of(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """Return the address tried, as the accounts know it: in whatever case it is written, it is one."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return given.strip().lower()[:254]


def address_of(request: HttpRequest) -> str | None:
    return origin.address_of(request) or None


def answer(request: HttpRequest, _: HttpResponseBase | None, credentials: Mapping[str, str] | None) -> HttpResponse:
    minutes = settings.LOGIN_LOCK_MINUTES
    locked = render(request, "locked.html", {"minutes": minutes}, status=429)
    locked["Retry-After"] = str(minutes * 60)
    return locked
