"""A run's events, for who watches it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request

from integrations.api.shapes.runs import EventsQuery
from integrations.api.views.runs import RunCall
from integrations.api.watching import Place, Watch
from tenants.api.calls import checked
from tenants.api.negotiation import AnyAccept
from tenants.api.streaming import EventStream

LAST_EVENT = OpenApiParameter(
    "Last-Event-ID",
    str,
    OpenApiParameter.HEADER,
    description="The id of the last event that was received: what follows it is sent. Browsers do this by themselves.",
)
EVENT = {
    "type": "object",
    "required": ["event", "id", "data"],
    "properties": {
        "event": {"type": "string", "enum": ["run", "log", "end"]},
        "id": {"type": "string", "description": "For Last-Event-ID."},
        "data": {"type": "string", "description": "JSON: a run as in runs/, `{lines, levels}`, or `{state}`."},
    },
}


class RunEvents(RunCall):
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="runs_events",
        parameters=[EventsQuery, LAST_EVENT],
        responses={
            (200, "text/event-stream"): OpenApiResponse(EVENT, description="Events until the run has ended."),
            204: OpenApiResponse(description="All was sent before: there is nothing to take up."),
        },
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Watch a run as server-sent events, until it has ended.

        `run` has the run whenever it changed, `log` the log's new lines if they are asked for, and `end` is the last
        event. A stream closes after five minutes; browsers take it up again where it ended.
        """
        asked = checked(EventsQuery(data=request.query_params)).validated_data
        last = request.headers.get("Last-Event-ID", "")
        run, place = self.find(pk), Place.parse(last) if last else Place(cursor=asked["cursor"])
        if place.has_ended and run.is_final:
            return HttpResponse(status=204)  # It tells a browser not to come again.
        return EventStream(Watch(run.pk, self.tenant_id, place, asked["logs"]).look)
