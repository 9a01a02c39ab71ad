"""Addresses of calls."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path
from rest_framework.views import APIView


def call(route: str, view: type[APIView], name: str, **options: Any) -> list[URLPattern]:
    """Answer with and without a slash at the end; the schema shows one of them."""
    twin = route.removesuffix("/") if route.endswith("/") else f"{route}/"
    return [path(route, view.as_view(**options), name=name), path(twin, view.as_view(**{**options, "schema": None}))]
