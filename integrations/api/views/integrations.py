"""Configured integrations: list, make, read, change, delete, run."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api import etags
from integrations.api.filters import IntegrationFilter
from integrations.api.shapes.connections import ReportShape
from integrations.api.shapes.integrations import IntegrationChange, IntegrationNew, IntegrationShape
from integrations.api.shapes.runs import (
    LONGEST_WAIT_SECONDS,
    RehearsalShape,
    RunHeaders,
    RunOrder,
    RunQuery,
    RunShape,
    RunsShape,
)
from integrations.api.views.base import Call, trigger_of
from integrations.domain import Json
from integrations.models import Integration, Run
from integrations.services import connections, integrations, overview, rehearsals, requests, waiting
from tenants.api.calls import checked
from tenants.roles import Role

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key and body return the same run; the same key with another body is answered 422.",
)

RUN_OR_RUNS = PolymorphicProxySerializer(
    component_name="RunOrRuns", serializers=[RunShape, RunsShape], resource_type_field_name=None
)
ANY_RUN = PolymorphicProxySerializer(
    component_name="RunOrRunsOrRehearsal",
    serializers=[RunShape, RunsShape, RehearsalShape],
    resource_type_field_name=None,
)


def answer(integration: Integration, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    [row] = overview.of([integration])
    headers = {**etags.headers(integration.updated_at), **(headers or {})}
    return Response(IntegrationShape(row).data, status, headers=headers)


class Integrations(Call):
    queryset = Integration.everywhere.none()
    filterset_class = IntegrationFilter
    ordering = ("-created_at", "-id")
    orderings = ("name",)
    refusals = {"POST": (409,)}

    def get_queryset(self) -> QuerySet[Integration]:
        return overview.integrations()

    @extend_schema(operation_id="integrations_list", responses=IntegrationShape(many=True))
    def get(self, request: Request) -> Response:
        """List the integrations, the newest first.

        `health` says how an integration fares, apart from `enabled`, which says whether clocks and new data start it.
        """
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        rows = overview.of(page or [])
        return self.get_paginated_response(IntegrationShape(rows, many=True).data)

    @extend_schema(
        operation_id="integrations_create",
        parameters=[etags.ETAG],
        request=IntegrationNew,
        responses={201: IntegrationShape},
    )
    def post(self, request: Request) -> Response:
        """Configure a connector.

        The connector's `schema.config` describes `config`, its `schema.credential` what a credential's `data` holds.
        `credential` is the id of one, or `{name, data}` to make one with the integration, both or none.
        """
        shape = IntegrationNew(data=request.data, context={"tenant_id": self.tenant_id})
        shape.is_valid(raise_exception=True)
        made = integrations.create(tenant_id=self.tenant_id, by=self.access.user, **shape.given())
        return answer(made, 201, {"Location": reverse("integration", args=[made.pk])})


class OneIntegration(Call):
    queryset = Integration.everywhere.none()
    refusals = {"PUT": (409, 412), "PATCH": (409, 412), "DELETE": (409, 412)}

    def find(self, pk: UUID) -> Integration:
        return get_object_or_404(overview.integration().select_related("credential"), pk=pk)

    @extend_schema(operation_id="integrations_read", parameters=[etags.ETAG], responses=IntegrationShape)
    def get(self, request: Request, pk: UUID) -> Response:
        """Read one integration."""
        return answer(self.find(pk))

    @extend_schema(
        operation_id="integrations_replace",
        parameters=[etags.IF_MATCH, etags.ETAG],
        request=IntegrationChange,
        responses=IntegrationShape,
    )
    def put(self, request: Request, pk: UUID) -> Response:
        """Replace an integration's settings.

        What is left out takes its default; an omitted credential, like an omitted secret, is kept. What was read can be
        sent back: fields that only the hub writes are ignored. Runs that have begun keep the settings they began with.
        """
        return self._change(pk, is_partial=False)

    @extend_schema(
        operation_id="integrations_change",
        parameters=[etags.IF_MATCH, etags.ETAG],
        request=IntegrationChange,
        responses=IntegrationShape,
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change some of an integration's settings; what is left out stays as it is."""
        return self._change(pk, is_partial=True)

    @extend_schema(operation_id="integrations_delete", parameters=[etags.IF_MATCH], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete an integration and cancel its runs.

        Past runs and their rows stay. One whose rows are read by others is kept, and the answer names them.
        """
        integrations.delete(integration=self.find(pk), by=self.access.user, seen=etags.seen(request))
        return Response(status=204)

    def _change(self, pk: UUID, *, is_partial: bool) -> Response:
        found = self.find(pk)
        context = {"connector": found.connector}
        shape = IntegrationChange(data=self.request.data, partial=is_partial, context=context)
        shape.is_valid(raise_exception=True)
        seen = etags.seen(self.request)
        return answer(integrations.update(integration=found, by=self.access.user, seen=seen, **shape.given()))


class TestIntegration(Call):
    queryset = Integration.everywhere.none()
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409,)}

    @extend_schema(operation_id="integrations_test", request=None, responses=ReportShape)
    def post(self, request: Request, pk: UUID) -> Response:
        """Test an integration's connection, step by step, without a run.

        The report ends at the first step that fails, with what to do about it. It takes 8 seconds at most.
        """
        found = get_object_or_404(overview.integration().select_related("credential"), pk=pk)
        return Response(ReportShape(connections.try_integration(integration=found, by=self.access.user)).data)


class RunIntegration(Call):
    """The call that everything waits for: few queries, and the answer of a new run needs none."""

    queryset = Run.everywhere.none()
    roles = {"POST": Role.OPERATOR}
    refusals = {"POST": (409, 422)}

    @extend_schema(
        operation_id="integrations_run",
        parameters=[RunQuery, KEY],
        request=RunOrder,
        responses={200: ANY_RUN, 202: RUN_OR_RUNS},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Start a run.

        Answered with 202 and the run, at once; with `?wait=` when the run has ended or the time is over, with 200 if it
        has ended. The same Idempotency-Key gives the same run again, with 200. `?dry_run=1` starts nothing and tells,
        with 200, what a run would do and what would keep it from that.
        """
        count = checked(RunOrder(data=request.data)).validated_data.get("count")
        asked = checked(RunQuery(data=request.query_params)).validated_data
        wait = asked["wait"]
        key = checked(RunHeaders(data={"key": request.headers.get("Idempotency-Key")})).validated_data["key"]
        integration = get_object_or_404(overview.integration(), pk=pk)
        if asked["dry_run"]:
            return Response(RehearsalShape(rehearsals.rehearse(integration=integration)).data)
        if count is not None and wait:
            raise ValidationError({"count": "Leave it out with ?wait: that waits for one run."})
        order: Json = {
            "integration": integration,
            "trigger": trigger_of(request),
            "by": self.access.user,
            # The prefix keeps a caller's keys apart from the hub's own.
            "idempotency_key": f"caller:{key}" if key else None,
            "fingerprint": fingerprint(request.data) if key else "",
        }
        if count is None:
            return self._run_once(order, wait)
        runs, is_new = requests.request_many(count=count, **order)
        return Response(RunsShape({"runs": runs}).data, 202 if is_new else 200)

    def _run_once(self, order: Json, wait: int) -> Response:
        run, is_new = requests.request(**order)
        if wait and not run.is_final:
            waiting.until_ended(run.pk, min(wait, LONGEST_WAIT_SECONDS))
            run = overview.runs().get(pk=run.pk)
        status = 202 if is_new and not run.is_final else 200
        return Response(RunShape(run).data, status, headers={"Location": reverse("run", args=[run.pk])})


def fingerprint(body: Any) -> str:
    return hashlib.sha256(json.dumps(body or {}, sort_keys=True).encode()).hexdigest()
