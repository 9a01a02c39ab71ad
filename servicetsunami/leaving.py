"""Forms that end at another host, as signing in there does."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

REDIRECTS = (301, 302, 303)
API = "/api/"


class LeavingMiddleware:
    """Answer a form whose redirect leads to another host with a page that goes there.

    Browsers hold the redirects of a form to the policy's form-action too, and ours lets forms go to the hub alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method != "POST" or request.path_info.startswith(API) or response.status_code not in REDIRECTS:
            return response
        to = response.headers.get("Location", "")
        host = urlsplit(to).netloc
        return response if host in ("", request.get_host()) else _page(request, response, to, host)


def _page(request: HttpRequest, response: HttpResponseBase, to: str, host: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        page = HttpResponse(headers={"HX-Redirect": to})
    else:
        page = render(request, "leaving.html", {"to": to, "host": host})
    page.headers["Cache-Control"] = "no-store"
    page.cookies = response.cookies
    return page
