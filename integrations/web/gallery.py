"""The gallery of connectors, and the page of each."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.cache import patch_vary_headers
from django_htmx.middleware import HtmxDetails

from connectors import catalog
from connectors.models import Connector
from integrations.models import Integration
from integrations.services import drafts, marketplace
from integrations.services.marketplace import Wish
from integrations.web import markdown
from tenants.roles import Role
from tenants.web.pages import MemberPage

LAST_PAGE = 1000
SHOWN = 50


class Gallery(MemberPage):
    """Cards to choose from. htmx asks for the cards alone: while one types, and at the end of each page of them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        wish = wish_of(request)
        context = self.context(request, wish)
        answer = render(request, template_for(request, wish), context)
        patch_vary_headers(answer, ["HX-Request"])
        return answer

    def context(self, request: HttpRequest, wish: Wish) -> dict[str, Any]:
        tenant_id = self.access.tenant_id
        shelf = marketplace.shelf(tenant_id, wish)
        narrowing = {"shelf": shelf, "wish": wish, "next_page": wish.page + 1}
        return {**narrowing, "categories": marketplace.categories(tenant_id), "engines": list(settings.ENGINES)}


class ConnectorPage(MemberPage):
    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        connector = get_object_or_404(catalog.shown(self.access.tenant_id), slug=slug)
        mine = Integration.objects.filter(connector=connector, deleted_at=None).order_by("name")
        waiting = drafts.found().filter(connector=connector, user=self.access.user)
        is_offered = connector.status == Connector.Status.PUBLISHED
        context = {
            "connector": connector,
            "integrations": mine[:SHOWN],
            "readme": markdown.html(connector.readme),
            "waiting": waiting[:SHOWN],
            "may_set_up": is_offered and self.access.may(Role.EDITOR),
        }
        return render(request, "connectors/connector.html", context)


def wish_of(request: HttpRequest) -> Wish:
    given = {name: request.GET.get(name, "") for name in ("category", "engine", "sort")}
    page = request.GET.get("page", "1")
    number = min(int(page), LAST_PAGE) if page.isdecimal() and len(page) < 6 else 1
    return Wish(text=request.GET.get("q", "")[:200], page=max(1, number), **given)


def template_for(request: HttpRequest, wish: Wish) -> str:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if not htmx or htmx.history_restore_request:
        return "connectors/gallery.html"
    return "connectors/_cards.html" if wish.page > 1 else "connectors/_shelf.html"
