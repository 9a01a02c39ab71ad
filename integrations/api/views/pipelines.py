"""Pipelines: which integrations read whose rows."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.shapes.pipelines import PipelineQuery, PipelineShape
from integrations.api.views.base import Call
from integrations.models import Integration
from integrations.services import lineage
from tenants.api.calls import checked


class Pipelines(Call):
    queryset = Integration.everywhere.none()
    ordering = ("-created_at", "-id")

    @extend_schema(operation_id="pipelines_list", parameters=[PipelineQuery], responses=PipelineShape(many=True))
    def get(self, request: Request) -> Response:
        """List the pipelines: integrations that read each other's rows, in the order of their runs."""
        around = checked(PipelineQuery(data=request.query_params)).validated_data.get("integration")
        webs = lineage.webs()
        page = self.paginate_queryset(lineage.heads(webs, around=around))
        return self.get_paginated_response(PipelineShape(lineage.of(page or [], webs), many=True).data)
