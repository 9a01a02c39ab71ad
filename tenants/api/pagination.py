"""Pages by cursor: the place after a row, so that rows which come or go meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q, QuerySet, prefetch_related_objects
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from tenants.api.problems import Problem

if TYPE_CHECKING:
    # DRF's views read the settings that name this module.
    from rest_framework.views import APIView

DEFAULT_SIZE = 50
LARGEST_SIZE = 200


@dataclass(frozen=True, slots=True)
class FieldMistake:
    pointer: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row a page begins after (or, going back, ends before): its values of the ordering's fields."""

    ordering: str
    """The first of those fields: in another order the place would be another one."""
    values: tuple[Any, ...]
    is_back: bool

    def encode(self) -> str:
        text = json.dumps([int(self.is_back), self.ordering, *self.values], cls=DateTimesWhole, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class DateTimesWhole(DjangoJSONEncoder):
    """Keep microseconds: a cursor cut to milliseconds would show rows twice."""

    def default(self, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else super().default(value)


class Pages(BasePagination):
    """{next, previous, results}. The view's `ordering` names fields that are never null; the key settles ties.

    `?page_size=` up to 200. Any number of rows may share a value of the ordering. `?ordering=` turns the first field of
    the view's ordering around, or takes another one of its `orderings`; each needs an index that begins with it.
    `merged` is a field with several values that are asked for, each of which has its index; the view's `merged` names
    the parameters that ask so.
    """

    merged: tuple[str, list[str]] = ("", [])

    cursor_param = "cursor"
    size_param = "page_size"
    ordering_param = "ordering"

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any]:
        self.url = request.build_absolute_uri()
        usual = full_ordering(getattr(view, "ordering", None) or queryset.query.order_by or ("-pk",))
        self.ordering = self._ordering(view, usual, request.query_params.get(self.ordering_param, ""))
        cursor = self._cursor(queryset.model, request.query_params.get(self.cursor_param, ""))
        size = self._size(request.query_params.get(self.size_param, ""))
        is_back = cursor is not None and cursor.is_back
        rows = queryset.order_by(*(reverse(self.ordering) if is_back else self.ordering))
        if cursor is not None:
            rows = rows.filter(beyond(reverse(self.ordering) if is_back else self.ordering, cursor.values))
        found = self._first(rows, size + 1, _merged(request, view) or self.merged)
        has_more, page = len(found) > size, found[:size]
        if is_back:
            page.reverse()
        self._next = page[-1] if page and (has_more or is_back) else None
        self._previous = page[0] if page and (has_more if is_back else cursor is not None) else None
        return page

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self._link(self._next, is_back=False), "previous": self._link(self._previous, is_back=True)}
        return Response({**links, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": LARGEST_SIZE, "default": DEFAULT_SIZE}
        usual = full_ordering(getattr(view, "ordering", None) or ("-pk",))
        order = {"type": "string", "enum": choices(view, usual), "default": usual[0]}
        given = {
            self.ordering_param: ("What comes first; a minus turns it around.", order),
            self.cursor_param: ("The place to go on from, as `next` and `previous` name it.", {"type": "string"}),
            self.size_param: ("How many results a page holds.", size),
        }
        return [
            {"name": name, "in": "query", "required": False, "description": words, "schema": schema}
            for name, (words, schema) in given.items()
        ]

    def _link(self, row: Model | None, *, is_back: bool) -> str | None:
        if row is None:
            return None
        values = tuple(getattr(row, name.lstrip("-")) for name in self.ordering)
        return replace_query_param(self.url, self.cursor_param, Cursor(self.ordering[0], values, is_back).encode())

    def _ordering(self, view: APIView | None, usual: tuple[str, ...], wanted: str) -> tuple[str, ...]:
        if not wanted or wanted == usual[0]:
            return usual
        if wanted not in choices(view, usual):
            raise _mistake(self.ordering_param, f"Give one of {', '.join(choices(view, usual))}.")
        return full_ordering(wanted)

    def _first(self, rows: QuerySet[Any], count: int, merged: tuple[str, list[str]]) -> list[Any]:
        name, asked = merged
        if len(asked) < 2:
            return list(rows[:count])
        # An index has the rows of one value in order, but those of several only each by itself.
        bare = rows.prefetch_related(None)
        found = [row for value in asked for row in bare.filter(**{name: value})[:count]]
        for field in reversed(rows.query.order_by):
            found.sort(key=attrgetter(str(field).lstrip("-")), reverse=str(field).startswith("-"))
        prefetch_related_objects(found[:count], *rows._prefetch_related_lookups)  # type: ignore[attr-defined]
        return found[:count]

    def _cursor(self, model: type[Model], text: str) -> Cursor | None:
        if not text:
            return None
        try:
            is_back, first, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            fields = [field_of(model, name) for name in self.ordering]
            read = [field.to_python(value) for field, value in zip(fields, values, strict=True)]
        except (ValueError, TypeError, binascii.Error, ValidationError, RecursionError):
            raise _mistake(self.cursor_param, "Use `next` or `previous` of an answer as it is.") from None
        if first != self.ordering[0] or any(value is None for value in read):
            raise _mistake(self.cursor_param, "Use `next` or `previous` of an answer as it is.")
        return Cursor(self.ordering[0], tuple(read), bool(is_back))

    def _size(self, text: str) -> int:
        if not text:
            return DEFAULT_SIZE
        if not text.isascii() or not text.isdigit() or len(text) > 9 or int(text) < 1:
            raise _mistake(self.size_param, f"Give a number from 1 to {LARGEST_SIZE}.")
        return min(int(text), LARGEST_SIZE)


def _merged(request: Request, view: APIView | None) -> tuple[str, list[str]] | None:
    asked = ((name, sorted(set(request.query_params.getlist(name)))) for name in getattr(view, "merged", ()))
    return next((each for each in asked if len(each[1]) > 1), None)


def choices(view: APIView | None, usual: Sequence[str]) -> list[str]:
    """The orderings that a list offers: each of its fields, either way."""
    fields = dict.fromkeys([usual[0].lstrip("-"), *getattr(view, "orderings", ())])
    return [sign + field for field in fields for sign in ("", "-")]


def full_ordering(ordering: Sequence[Any] | str) -> tuple[str, ...]:
    """End the ordering with the key, in the direction of the last field, so that no two rows are equal in it."""
    fields = (ordering,) if isinstance(ordering, str) else tuple(str(name) for name in ordering)
    if fields[-1].lstrip("-") in ("id", "pk"):
        return fields
    return (*fields, "-id" if fields[-1].startswith("-") else "id")


def reverse(ordering: Sequence[str]) -> tuple[str, ...]:
    return tuple(name[1:] if name.startswith("-") else f"-{name}" for name in ordering)


def beyond(ordering: Sequence[str], values: Sequence[Any]) -> Q:
    """Rows after these values. The first field alone bounds them too, which lets the database use its index."""
    name, value = ordering[0], values[0]
    field, sign = name.lstrip("-"), "lt" if name.startswith("-") else "gt"
    after = Q(**{f"{field}__{sign}": value})
    if len(ordering) == 1:
        return after
    return Q(**{f"{field}__{sign}e": value}) & (after | beyond(ordering[1:], values[1:]))


def field_of(model: type[Model], name: str) -> Any:
    bare = name.lstrip("-")
    return model._meta.pk if bare == "pk" else model._meta.get_field(bare)


def _mistake(name: str, detail: str) -> Problem:
    return Problem(
        400, "invalid", f"{name} is not right. {detail}", errors=[FieldMistake(f"/{name}", "invalid", detail)]
    )
