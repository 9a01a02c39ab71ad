"""A page with one form, as the hub's pages have them: under the hub's own policy and middleware, without a database."""

from __future__ import annotations

import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from connectors import forms
from connectors.tests.schemas import BASIC, KEY, NONE

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["url", "auth"],
    "properties": {
        "url": {
            "type": "string",
            "format": "uri",
            "title": "Address",
            "description": "Where the service is.",
            "examples": ["https://example.com"],
            "x-placeholder": "https://example.com",
            "x-docs": "https://docs.example.com",
            "x-order": 1,
        },
        "auth": {
            "type": "object",
            "title": "Sign in",
            "x-order": 2,
            "default": {"type": "none"},
            "oneOf": [NONE, KEY, BASIC],
        },
        "dataset": {"type": "string", "format": "dataset", "title": "Dataset", "x-order": 3},
        "since": {"type": "string", "format": "date-time", "title": "Since", "x-order": 4},
        "day": {"type": "string", "format": "date", "title": "Day", "x-order": 4},
        "kinds": {
            "type": "array",
            "uniqueItems": True,
            "title": "Kinds",
            "items": {"enum": ["orders", "people", "places"]},
            "x-order": 5,
        },
        "mode": {"title": "Mode", "enum": ["all", "some"], "default": "all", "x-order": 6},
        "headers": {
            "type": "array",
            "title": "Headers",
            "description": "Sent with every request. " * 10,
            "x-order": 7,
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "title": "Name"},
                    "value": {"type": "string", "title": "Value", "writeOnly": True},
                },
            },
        },
        "labels": {"type": "object", "title": "Labels", "additionalProperties": {"type": "string"}, "x-order": 8},
        "tunnel": {
            "type": "object",
            "title": "Tunnel",
            "required": ["host"],
            "properties": {"host": {"type": "string", "title": "Host"}},
            "x-order": 9,
        },
        "verify": {"type": "boolean", "title": "Verify certificates", "default": True, "x-advanced": True},
        "retries": {"type": "integer", "title": "Retries", "minimum": 0, "default": 3, "x-advanced": True},
        "query": {"type": "string", "format": "sql", "title": "Query", "x-advanced": True},
        "extra": {"type": "object", "title": "Extra", "x-advanced": True},
    },
    "if": {"properties": {"mode": {"const": "some"}}, "required": ["mode"]},
    "then": {"properties": {"filter": {"type": "string", "title": "Filter", "x-order": 6}}, "required": ["filter"]},
}
DATASETS = [forms.Option("3f0c6a52-7f0e-4c38-9a53-2f6d0f1f6a10", "Orders of the shop")]
PAGE = """{% extends "plain.html" %}{% load forms %}{% block title %}Form{% endblock %}
{% block head %}{% include 'forms/_head.html' %}{% endblock %}
{% block content %}<h1>Connect</h1><div class="hub-form-page">
<form method="post" novalidate>{% csrf_token %}{% form form %}<button class="btn btn-primary">Save</button></form>
<aside data-help-shown hidden aria-label="Help"></aside></div>
{% if saved %}<p id="saved">Saved</p>{% endif %}{% endblock %}"""
held: dict[str, Any] = {}


def page(request: HttpRequest) -> HttpResponse:
    """Show the form, and keep what is sent where a test can look at it."""
    found: dict[str, Any] = {}
    if request.method == "POST":
        parsed = forms.parse(SCHEMA, request.POST, kept=held.get("value"), memory=held.get("memory"))
        held.update(value=parsed.value, memory=parsed.memory, final=parsed.is_final)
        found = {"errors": parsed.errors, "texts": parsed.texts}
    form = forms.build(SCHEMA, held.get("value", {}), datasets=DATASETS, refresh_url="/form", **found)
    words = {"form": form, "saved": held.get("final")}
    return HttpResponse(engines["django"].from_string(PAGE).render(words, request))


def icon(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


urlpatterns = [path("form", page), path("", page, name="home"), path("favicon.ico", icon)]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


def serve() -> WSGIServer:
    """The page on a free port, in a thread; `shutdown()` ends it."""
    server = make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()), handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
