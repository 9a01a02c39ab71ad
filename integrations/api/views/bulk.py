"""One action on many integrations in one call, each by itself: one that fails stops no other."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.shapes.bulk import BulkOrder, BulkResults
from integrations.api.shapes.runs import RunHeaders
from integrations.api.views.base import Call, problem_of, trigger_of
from integrations.api.views.integrations import KEY, fingerprint
from integrations.models import Integration, Run
from integrations.services import integrations, overview, requests
from integrations.services.errors import Gone, Invalid, Refused, Stale
from integrations.vault import Unreadable
from tenants.api import problems
from tenants.api.calls import checked
from tenants.api.permissions import demand
from tenants.roles import Role


class Bulk(Call):
    queryset = Integration.everywhere.none()
    roles = {"POST": Role.OPERATOR}

    @extend_schema(
        operation_id="integrations_bulk",
        parameters=[KEY],
        request=BulkOrder,
        responses=BulkResults,
    )
    def post(self, request: Request) -> Response:
        """Run, pause, resume or delete many integrations in one call.

        Each by itself: one that fails stops no other, and `results` says what became of each. Operators may run; to
        pause, resume or delete takes an editor.
        """
        order = checked(BulkOrder(data=request.data)).validated_data
        key = checked(RunHeaders(data={"key": request.headers.get("Idempotency-Key")})).validated_data["key"]
        if order["action"] != "run":
            demand(self.access, Role.EDITOR)
        found = {row.pk: row for row in overview.integration().select_related("credential").filter(pk__in=order["ids"])}
        results = [self._result(each, found.get(each), order["action"], key) for each in order["ids"]]
        return Response(BulkResults({"results": results}).data)

    def _result(self, pk: UUID, integration: Integration | None, action: str, key: str | None) -> dict[str, Any]:
        try:
            if integration is None:
                raise Http404
            return {"id": pk, "ok": True, "run": self._act(integration, action, key), "problem": None}
        except (Invalid, Refused, Stale, Gone, Unreadable, Http404) as error:
            # What a call for this one alone would be answered with.
            answer = problems.handle(problem_of(error), {"request": self.request})
            return {"id": pk, "ok": False, "run": None, "problem": answer.data if answer else None}

    def _act(self, integration: Integration, action: str, key: str | None) -> Run | None:
        by = self.access.user
        match action:
            case "run":
                return requests.request(
                    integration=integration,
                    trigger=trigger_of(self.request),
                    by=by,
                    idempotency_key=f"caller:{key}" if key else None,
                    fingerprint=fingerprint({}) if key else "",
                )[0]
            case "pause":
                integrations.pause(integration=integration, by=by)
            case "resume":
                integrations.update(integration=integration, by=by, enabled=True)
            case "delete":
                integrations.delete(integration=integration, by=by)
        return None
