"""The pages of one integration: how it fares, its runs, its data and its past."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from connectors import schemas
from integrations.models import Integration
from integrations.services import activity, datasets, facts, history, listing, timeline
from integrations.services.errors import Gone, Invalid, Refused
from integrations.web.asking import is_fragment, paged
from integrations.web.charts import chart
from integrations.web.integrations import found, may, words_of
from tenants.roles import Role
from tenants.web.pages import MemberPage


class IntegrationView(MemberPage):
    """One tab: `tab` names it, `fill` gives what it shows."""

    tab = ""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = found(pk)
        [row] = listing.rows([integration])
        dataset = datasets.main().filter(integration=integration).first()
        context = {"integration": integration, "row": row, "tab": self.tab, "may": may(self), "dataset": dataset}
        context |= self.fill(request, integration)
        template = f"integrations/{'_' if is_fragment(request) else ''}{self.tab}.html"
        answer = render(request, template, context)
        patch_vary_headers(answer, ["HX-Request"])
        return answer

    def fill(self, request: HttpRequest, integration: Integration) -> dict[str, Any]:
        raise NotImplementedError


class Overview(IntegrationView):
    tab = "overview"

    def fill(self, request: HttpRequest, integration: Integration) -> dict[str, Any]:
        config = schemas.mask(integration.connector.config_schema, integration.config)
        inputs = integration.inputs.select_related("dataset__integration").order_by("name")
        return {
            "chart": chart(activity.days(integration)),
            "config": config,
            "settings": facts.of(integration.connector.config_schema, config),
            "inputs": inputs,
            "readers": listing.readers(integration),
        }


class Runs(IntegrationView):
    tab = "runs"

    def fill(self, request: HttpRequest, integration: Integration) -> dict[str, Any]:
        wish = history.Wish(integration=integration.pk)
        return {"page": paged(request, history.runs(wish)), "wish": wish}


class Timeline(IntegrationView):
    tab = "timeline"

    def fill(self, request: HttpRequest, integration: Integration) -> dict[str, Any]:
        return {"timeline": timeline.of(integration, moment(request.GET.get("before", "")))}


class Restore(MemberPage):
    role = Role.EDITOR
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID, event: UUID) -> HttpResponse:
        integration = found(pk)
        try:
            timeline.restore(integration=integration, event_id=event, by=self.access.user)
        except (Refused, Invalid, Gone) as error:
            messages.error(request, words_of(error))
        else:
            messages.success(request, _("The configuration of then is in force again. Secrets stayed as they were."))
        return redirect("integration_timeline", pk=pk)


def moment(text: str) -> Any:
    try:
        return parse_datetime(text)
    except ValueError:
        return None
