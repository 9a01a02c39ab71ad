"""How a person wants to see the pages: language, time zone, theme."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from tenants.models import User


class PreferencesMiddleware:
    """Speak the language and tell the time of whoever signed in; of a visitor, the browser's language.

    The API and the admin stay in English: programs and runbooks quote them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(("/api/", "/admin/")):
            return self.get_response(request)
        language, zone = _chosen(request)
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


def _chosen(request: HttpRequest) -> tuple[str, ZoneInfo | None]:
    user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
    if not isinstance(user, User):
        return translation.get_language_from_request(request), None
    language = user.language or translation.get_language_from_request(request)
    return language, ZoneInfo(user.time_zone) if user.time_zone else None
