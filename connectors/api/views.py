"""The catalogue for programs and pages."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connectors import catalog, drawing, exchange, jobfiles, keeping, uploads
from connectors.api.archives import ARCHIVE, MEDIA_TYPE, ZipParser, problem_of
from connectors.api.filters import CatalogueFilter, ConnectorFilter
from connectors.api.shapes import ConnectorChange, ConnectorDetailShape, ConnectorShape
from connectors.manifest import Broken
from connectors.models import Connector
from tenants.api.access import access_of
from tenants.api.calls import Call, checked
from tenants.api.negotiation import AnyAccept
from tenants.api.problems import Problem


class Available(ListAPIView[Connector]):
    """The connectors that this tenant may choose from."""

    serializer_class = ConnectorShape
    filterset_class = ConnectorFilter
    ordering = ("name", "id")
    queryset = Connector.objects.none()

    def get_queryset(self) -> QuerySet[Connector]:
        return catalog.light(catalog.available(access_of(self.request).tenant_id))


class Catalogue(Call):
    """The catalogue of the whole platform, for those who keep it."""

    filterset_class = CatalogueFilter
    ordering = ("name", "id")
    queryset = Connector.objects.none()
    parser_classes = [ZipParser]
    staff = ("GET", "POST")

    def get_queryset(self) -> QuerySet[Connector]:
        return catalog.light(Connector.objects.all())

    @extend_schema(operation_id="connectors_list", responses=ConnectorShape(many=True))
    def get(self, request: Request) -> Response:
        """List every connector, drafts, hidden ones and those of single organisations too. For staff."""
        return self.answer_page(ConnectorShape)

    @extend_schema(
        operation_id="connectors_import", request={MEDIA_TYPE: ARCHIVE}, responses={201: ConnectorDetailShape}
    )
    def post(self, request: Request) -> Response:
        """Take a connector's folder into the catalogue. For staff.

        A new one comes as a draft, a later version takes the place of the one before. Everything that is wrong with the
        folder is told at once, and then nothing of it is kept.
        """
        try:
            row = keeping.take(archive=cast(bytes, request.data or b""), by=self.access.user, tenant_id=self.tenant_id)
        except uploads.Unfit as unfit:
            raise Problem(400, "unfit", str(unfit)) from None
        except Broken as broken:
            raise problem_of(broken) from None
        location = reverse("connector-detail", args=[row.slug])
        return Response(ConnectorDetailShape(row).data, 201, headers={"Location": location})


class Detail(Call):
    queryset = Connector.objects.none()
    staff = ("PATCH",)

    @extend_schema(operation_id="connectors_read", responses=ConnectorDetailShape)
    def get(self, request: Request, key: str) -> Response:
        """Read one connector, by slug or id: also one that can no longer be chosen."""
        return Response(ConnectorDetailShape(_find(request, key)).data)

    @extend_schema(operation_id="connectors_change", request=ConnectorChange, responses=ConnectorDetailShape)
    def patch(self, request: Request, key: str) -> Response:
        """Publish, deprecate or hide a connector, or change its place. For staff.

        What it is follows its folder. Integrations of one that is hidden go on; it can no longer be chosen.
        """
        given = checked(ConnectorChange(data=request.data, partial=True)).validated_data
        found = _one(Connector.objects.all(), key)
        row = keeping.decide(connector=found, by=self.access.user, tenant_id=self.tenant_id, **given)
        return Response(ConnectorDetailShape(row).data)


class Folder(Call):
    queryset = Connector.objects.none()
    content_negotiation_class = AnyAccept
    staff = ("GET",)
    refusals = {"GET": (409,)}

    @extend_schema(
        operation_id="connectors_export", responses={(200, MEDIA_TYPE): OpenApiResponse(OpenApiTypes.BINARY)}
    )
    def get(self, request: Request, key: str) -> HttpResponseBase:
        """Download a connector's folder as a zip archive. For staff."""
        row = _one(Connector.objects.select_related("spark_job"), key)
        try:
            archive = exchange.pack(row)
        except jobfiles.Damaged as damaged:
            raise Problem(409, "file_damaged", f"{damaged} Upload it again.") from None
        headers = {"Content-Disposition": f'attachment; filename="{row.slug}.zip"'}
        return HttpResponse(archive, content_type=MEDIA_TYPE, headers=headers)


class Logo(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="connectors_logo", responses={(200, "image/svg+xml"): OpenApiResponse(OpenApiTypes.STR)}
    )
    def get(self, request: Request, key: str) -> HttpResponseBase:
        """Show a connector's drawing, or its initials."""
        return drawing.answer(request._request, _find(request, key))


def _find(request: Request, key: str) -> Connector:
    return _one(catalog.shown(access_of(request).tenant_id), key)


def _one(rows: QuerySet[Connector], key: str) -> Connector:
    try:
        return get_object_or_404(rows, pk=UUID(key))
    except ValueError:
        return get_object_or_404(rows, slug=key)
