"""Datasets: list, read, look at the rows."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.filters import DatasetFilter
from integrations.api.shapes.datasets import DatasetShape, ProfileShape, RowsQuery, RowsShape
from integrations.api.views.base import Call
from integrations.models import Dataset, DatasetVersion
from integrations.services import datasets
from tenants.api.calls import checked


def rows_of(version: DatasetVersion | None, request: Request) -> Response:
    """Answer a page of a version's rows; what has no version has no rows."""
    asked = checked(RowsQuery(data=request.query_params)).validated_data
    found = datasets.preview(version=version, limit=asked["limit"], offset=asked["offset"])
    return Response({**asked, **found, "dataset_version": version.pk if version else None})


class DatasetCall(Call):
    queryset = Dataset.everywhere.none()

    def get_queryset(self) -> QuerySet[Dataset]:
        return Dataset.objects.filter(integration__deleted_at=None).select_related("latest")

    def find(self, pk: UUID) -> Dataset:
        return get_object_or_404(self.get_queryset(), pk=pk)


class Datasets(DatasetCall):
    filterset_class = DatasetFilter
    ordering = ("-created_at", "-id")

    @extend_schema(operation_id="datasets_list", responses=DatasetShape(many=True))
    def get(self, request: Request) -> Response:
        return self.answer_page(DatasetShape)


class OneDataset(DatasetCall):
    @extend_schema(operation_id="datasets_read", responses=DatasetShape)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(DatasetShape(self.find(pk)).data)


class DatasetPreview(DatasetCall):
    @extend_schema(operation_id="datasets_preview", parameters=[RowsQuery], responses=RowsShape)
    def get(self, request: Request, pk: UUID) -> Response:
        return rows_of(self.find(pk).latest, request)


class DatasetProfile(DatasetCall):
    @extend_schema(operation_id="datasets_profile", responses=ProfileShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """What each column of the latest version holds: nulls, different values, extremes, a small histogram."""
        version = self.find(pk).latest
        columns = datasets.profile(version=version)
        found = {"dataset_version": version.pk if version else None, "rows": version.rows if version else 0}
        return Response(ProfileShape({**found, "columns": columns}).data)
