"""What a request asks a page for: a part of it, a page of a list, a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails
from rest_framework.request import Request

from tenants.api.pagination import Pages
from tenants.api.problems import Problem

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of a list, and the addresses of the pages around them."""

    rows: list[Row]
    next: str | None
    previous: str | None


def paged(request: HttpRequest, rows: QuerySet[Row], merged: tuple[str, list[str]] = ("", [])) -> Page[Row]:
    """`merged` is a field and the several values of it that the rows were narrowed to, if they were."""
    pages = Pages()
    pages.merged = merged
    try:
        found = pages.paginate_queryset(rows, Request(request))
    except Problem as problem:
        raise BadRequest(problem.detail) from None
    links: dict[str, Any] = pages.get_paginated_response(None).data
    return Page(found, links["next"], links["previous"])


def is_fragment(request: HttpRequest) -> bool:
    """Tell whether htmx will put the answer into a page that stands already."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.history_restore_request


def uuid_of(request: HttpRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


def entry_of(request: HttpRequest) -> UUID:
    """The id that a form carries for what is typed into it, or a new one."""
    try:
        return UUID(request.POST.get("entry", ""))
    except ValueError:
        return uuid4()


def number_of(request: HttpRequest, name: str, largest: int) -> int:
    text = request.GET.get(name, "")
    return min(int(text), largest) if text.isascii() and text.isdecimal() and len(text) < 16 else 0
