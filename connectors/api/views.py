"""The catalogue for programs and pages."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connectors import catalog, drawing
from connectors.api.filters import ConnectorFilter
from connectors.api.shapes import ConnectorDetailShape, ConnectorShape
from connectors.models import Connector
from tenants.api.access import access_of
from tenants.api.negotiation import AnyAccept


class Available(ListAPIView[Connector]):
    """The connectors that this tenant may choose from."""

    serializer_class = ConnectorShape
    filterset_class = ConnectorFilter
    ordering = ("name", "id")
    queryset = Connector.objects.none()

    def get_queryset(self) -> QuerySet[Connector]:
        return catalog.light(catalog.available(access_of(self.request).tenant_id))


class Detail(APIView):
    """One connector, by slug or id: also one that can no longer be chosen."""

    @extend_schema(responses=ConnectorDetailShape)
    def get(self, request: Request, key: str) -> Response:
        return Response(ConnectorDetailShape(_find(request, key)).data)


class Logo(APIView):
    """The connector's drawing, or its initials."""

    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, "image/svg+xml"): OpenApiResponse(OpenApiTypes.STR)})
    def get(self, request: Request, key: str) -> HttpResponseBase:
        return drawing.answer(request._request, _find(request, key))


def _find(request: Request, key: str) -> Connector:
    rows = catalog.shown(access_of(request).tenant_id)
    try:
        return get_object_or_404(rows, pk=UUID(key))
    except ValueError:
        return get_object_or_404(rows, slug=key)
