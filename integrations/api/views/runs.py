"""Runs: list, read, cancel, retry, logs, rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.filters import RunFilter
from integrations.api.running import IsRun, NdjsonParser, RunAuthentication
from integrations.api.shapes.datasets import RowsQuery, RowsShape
from integrations.api.shapes.runs import LogQuery, LogShape, PageQuery, PageTaken, RunDetailShape, RunShape
from integrations.api.views.base import Call
from integrations.api.views.datasets import rows_of
from integrations.models import Run
from integrations.services import logs, overview, pushing, requests
from tenants.api.calls import checked
from tenants.roles import Role

NDJSON = {"type": "string", "description": "One JSON value a line."}


class Runs(Call):
    queryset = Run.everywhere.none()
    filterset_class = RunFilter
    ordering = ("-queued_at", "-id")
    merged = ("state", "trigger")

    def get_queryset(self) -> QuerySet[Run]:
        return overview.runs()

    @extend_schema(operation_id="runs_list", responses=RunShape(many=True))
    def get(self, request: Request) -> Response:
        """List the runs, the newest first."""
        return self.answer_page(RunShape)


class RunCall(Call):
    queryset = Run.everywhere.none()

    def find(self, pk: UUID) -> Run:
        return get_object_or_404(overview.run(), pk=pk)


class OneRun(RunCall):
    @extend_schema(operation_id="runs_read", responses=RunDetailShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one run, with the settings it had and what it read."""
        return Response(RunDetailShape(self.find(pk)).data)


class CancelRun(RunCall):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="runs_cancel", request=None, responses={202: RunShape})
    def post(self, request: Request, pk: UUID) -> Response:
        """Wish for a run's end.

        The engine is asked until it confirms; watch the run to see it end.
        """
        run = requests.cancel(run=self.find(pk), by=self.access.user)
        return Response(RunShape(run).data, 202)


class RetryRun(RunCall):
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="runs_retry", request=None, responses={202: RunShape})
    def post(self, request: Request, pk: UUID) -> Response:
        """Run the integration of a run that has ended again, as it is configured now."""
        run = requests.retry(run=self.find(pk), by=self.access.user)
        return Response(RunShape(run).data, 202, headers={"Location": reverse("run", args=[run.pk])})


class RunLogs(RunCall):
    refusals = {"GET": (503,)}

    @extend_schema(operation_id="runs_logs", parameters=[LogQuery], responses=LogShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read what the engine wrote while it worked, page by page, without secrets."""
        cursor = checked(LogQuery(data=request.query_params)).validated_data["cursor"]
        return Response(LogShape(logs.page(self.find(pk), cursor)).data)


class RunRows(RunCall):
    """Read by people and programs, written by the run's own work alone."""

    refusals = {"GET": (409,)}
    parser_classes = [NdjsonParser]

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [RunAuthentication()] if self._is_push else super().get_authenticators()

    def get_permissions(self) -> Sequence[Any]:
        return [IsRun()] if self._is_push else super().get_permissions()

    @property
    def _is_push(self) -> bool:
        return getattr(self.request, "method", "") == "POST"  # the schema is made without a request

    @extend_schema(operation_id="runs_rows", parameters=[RowsQuery], responses=RowsShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Show the rows that a run brought, page by page; later runs change nothing of them."""
        return rows_of(overview.version_of(self.find(pk)), request)

    @extend_schema(
        operation_id="runs_push_rows",
        parameters=[PageQuery],
        request={"application/x-ndjson": NDJSON},
        responses={202: PageTaken},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Push a page of a run's rows, one JSON value a line.

        For work that brings more than its engine can hand over at once: n8n is given the address and the token as
        `push` in the call that starts it. What was pushed lands when the run succeeds, in the order of the pages, and
        then stands for the work's own output.
        """
        page = checked(PageQuery(data=request.query_params)).validated_data["page"]
        body = cast(bytes, request.data or b"")
        count = pushing.keep(run=cast(Run, request.auth), page=page, body=body)
        return Response(PageTaken({"page": page, "rows": count}).data, 202)
