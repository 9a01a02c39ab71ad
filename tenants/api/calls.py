"""What all calls of the API share: who asks, and what a refusal looks like from outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.generics import GenericAPIView
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from tenants.api.access import Access, access_of
from tenants.api.problems import Problem
from tenants.services.errors import Conflict, Mistake


class Call(GenericAPIView[Any]):
    """A call of the API. `queryset` names the model for the schema; rows come from `get_queryset`."""

    @property
    def access(self) -> Access:
        return access_of(self.request)

    @property
    def tenant_id(self) -> UUID:
        return self.access.tenant_id

    def handle_exception(self, exc: Exception) -> Response:
        return super().handle_exception(_problem(exc))

    def answer_page(self, shape: type[BaseSerializer[Any]]) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(shape(page, many=True, context=self.get_serializer_context()).data)


def checked(shape: BaseSerializer[Any]) -> BaseSerializer[Any]:
    shape.is_valid(raise_exception=True)
    return shape


def _problem(exc: Exception) -> Exception:
    match exc:
        case Mistake():
            return Problem(400, "invalid", "Some fields are not right; `errors` names each of them.", errors=[exc])
        case Conflict():
            return Problem(409, exc.code, exc.detail)
    return exc
