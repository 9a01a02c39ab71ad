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
        """List the datasets, the newest first, each with its latest version."""
        return self.answer_page(DatasetShape)


class OneDataset(DatasetCall):
    @extend_schema(operation_id="datasets_read", responses=DatasetShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one dataset with its latest version."""
        return Response(DatasetShape(self.find(pk)).data)


class DatasetPreview(DatasetCall):
    refusals = {"GET": (409,)}

    @extend_schema(operation_id="datasets_preview", parameters=[RowsQuery], responses=RowsShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Show rows of a dataset's latest version, page by page."""
        return rows_of(self.find(pk).latest, request)


class DatasetProfile(DatasetCall):
    refusals = {"GET": (409,)}

    @extend_schema(operation_id="datasets_profile", responses=ProfileShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Describe what each column of the latest version holds.

        How much is null, how many values differ, the extremes, and a small histogram or the most frequent values.
        """
        version = self.find(pk).latest
        columns = datasets.profile(version=version)
        found = {"dataset_version": version.pk if version else None, "rows": version.rows if version else 0}
        return Response(ProfileShape({**found, "columns": columns}).data)
