"""All runs of a tenant."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _

from integrations.domain import Trigger
from integrations.models import Integration
from integrations.services import history
from integrations.services.history import Wish
from integrations.web.asking import is_fragment, paged, uuid_of
from tenants.web.pages import MemberPage

GROUPS = (
    ("", _("All")),
    ("active", _("Under way")),
    ("succeeded", _("Succeeded")),
    ("failed", _("Failed")),
    ("cancelled", _("Cancelled")),
)


class Runs(MemberPage):
    """Runs, newest first. htmx asks for the list alone: when somebody narrows it, and to keep it fresh."""

    def get(self, request: HttpRequest) -> HttpResponse:
        wish = wish_of(request)
        context = {
            "page": paged(request, history.runs(wish), ("state", history.states_of(wish.state))),
            "wish": wish,
            "groups": GROUPS,
        }
        context |= {"triggers": list(Trigger), "integration": narrowed_to(wish)}
        template = "runs/_runs.html" if is_fragment(request) else "runs/runs.html"
        answer = render(request, template, context)
        patch_vary_headers(answer, ["HX-Request"])
        return answer


def wish_of(request: HttpRequest) -> Wish:
    given = {name: request.GET.get(name, "")[:200] for name in ("state", "trigger")}
    text = request.GET.get("q", "").replace("\0", "")  # which PostgreSQL takes in no text
    return Wish(text=text[:200], integration=uuid_of(request, "integration"), **given)


def narrowed_to(wish: Wish) -> Integration | None:
    return Integration.objects.filter(pk=wish.integration).only("name").first() if wish.integration else None
