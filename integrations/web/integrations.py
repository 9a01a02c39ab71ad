"""The list of integrations and what can be done with one or many of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from integrations.domain import Trigger
from integrations.models import Integration
from integrations.services import integrations, listing, overview, requests
from integrations.services.errors import Gone, Invalid, Refused
from integrations.services.listing import RUNNING, Wish
from integrations.services.overview import Health
from integrations.web.asking import is_fragment, paged
from tenants import scope
from tenants.roles import Role
from tenants.web.pages import MemberPage

GROUPS = (
    ("", gettext_lazy("All")),
    (RUNNING, gettext_lazy("Running")),
    *((health.value, health.label) for health in Health),
)
MOST_AT_ONCE = 200


class Home(MemberPage):
    """The tenant's integrations. htmx asks for the list alone: when somebody narrows it, and to keep it fresh."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and scope.current() is None:
            return render(request, "integrations/no_tenant.html")
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        wish = wish_of(request)
        page = paged(request, listing.found(wish))
        counts = listing.counts()
        groups = [(value, label, counts[value]) for value, label in GROUPS]
        context = {"page": page, "rows": listing.rows(page.rows), "wish": wish, "groups": groups, "may": may(self)}
        template = "integrations/_list.html" if is_fragment(request) else "integrations/list.html"
        answer = render(request, template, context)
        patch_vary_headers(answer, ["HX-Request"])
        return answer


class Act(MemberPage):
    """A button beside one integration: it does something, says what, and shows the page it was on."""

    role = Role.EDITOR
    http_method_names = ["post"]
    done = ""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = found(pk)
        try:
            target = self.act(integration)
        except (Refused, Invalid, Gone) as error:
            messages.error(request, words_of(error))
            return redirect("integration_page", pk=pk)
        if self.done:
            messages.success(request, _(self.done) % {"name": integration.name})
        return redirect(target)

    def act(self, integration: Integration) -> str:
        """Do it, and return the address to go on with."""
        raise NotImplementedError


class RunNow(Act):
    role = Role.OPERATOR

    def act(self, integration: Integration) -> str:
        run, _new = requests.request(integration=integration, trigger=Trigger.MANUAL, by=self.access.user)
        return reverse("run_page", args=[run.pk])


class Pause(Act):
    done = gettext_noop("%(name)s is paused: neither its schedule nor new data starts it.")

    def act(self, integration: Integration) -> str:
        integrations.pause(integration=integration, by=self.access.user)
        return reverse("integration_page", args=[integration.pk])


class Resume(Act):
    done = gettext_noop("%(name)s goes on.")

    def act(self, integration: Integration) -> str:
        integrations.update(integration=integration, by=self.access.user, enabled=True)
        return reverse("integration_page", args=[integration.pk])


class Duplicate(Act):
    done = gettext_noop("This is a copy of %(name)s. It is paused until you let it go on.")

    def act(self, integration: Integration) -> str:
        copy = integrations.duplicate(integration=integration, by=self.access.user)
        return reverse("integration_page", args=[copy.pk])


class Delete(MemberPage):
    """Say what depends on it, then delete it."""

    role = Role.EDITOR
    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = found(pk)
        context = {"integration": integration, "readers": listing.readers(integration)}
        return render(request, "integrations/delete.html", context)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = found(pk)
        try:
            integrations.delete(integration=integration, by=self.access.user)
        except Refused as refusal:
            messages.error(request, refusal.detail)
            return redirect("delete_integration", pk=pk)
        messages.success(request, _("%(name)s is deleted. Its past runs and their rows stay.") % {"name": integration})
        return redirect("home")


class Bulk(MemberPage):
    """One button for all that are ticked; each by itself, so that one that fails stops no other."""

    role = Role.OPERATOR
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        action = request.POST.get("action", "")
        if action not in ACTIONS or not self.access.may(Role.OPERATOR if action == "run" else Role.EDITOR):
            messages.error(request, _("Your role does not allow this, or there is no such action."))
            return redirect("home")
        ticked = chosen(request)
        if action == "delete" and ticked and "confirmed" not in request.POST:
            return render(request, "integrations/delete_many.html", {"ticked": ticked})
        done, failed = 0, []
        for integration in ticked:
            try:
                ACTIONS[action](self, integration)
                done += 1
            except (Refused, Invalid, Gone) as error:
                failed.append(f"{integration.name}: {words_of(error)}")
        self._tell(request, done, failed)
        return redirect("home")

    def _tell(self, request: HttpRequest, done: int, failed: list[str]) -> None:
        if done or not failed:
            said = ngettext("Done for %(number)d integration.", "Done for %(number)d integrations.", done)
            messages.success(request, said % {"number": done})
        for line in failed:
            messages.error(request, line)


ACTIONS: dict[str, Callable[[Bulk, Integration], object]] = {
    "run": lambda page, each: requests.request(integration=each, trigger=Trigger.MANUAL, by=page.access.user),
    "pause": lambda page, each: integrations.pause(integration=each, by=page.access.user),
    "resume": lambda page, each: integrations.update(integration=each, by=page.access.user, enabled=True),
    "delete": lambda page, each: integrations.delete(integration=each, by=page.access.user),
}


def found(pk: UUID) -> Integration:
    return get_object_or_404(overview.integration().select_related("credential"), pk=pk)


def chosen(request: HttpRequest) -> list[Integration]:
    ids = [key for key in request.POST.getlist("ids")[:MOST_AT_ONCE] if is_uuid(key)]
    return list(overview.integration().select_related("credential").filter(pk__in=ids))


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def wish_of(request: HttpRequest) -> Wish:
    given = {name: request.GET.get(name, "")[:200] for name in ("health", "connector", "sort")}
    return Wish(text=request.GET.get("q", "").strip()[:200], **given)


def may(page: MemberPage) -> dict[str, bool]:
    """What this member may press."""
    return {"run": page.access.may(Role.OPERATOR), "edit": page.access.may(Role.EDITOR)}


def words_of(error: Refused | Invalid | Gone) -> str:
    if isinstance(error, Invalid):
        return " ".join(each.detail for each in error.errors)
    return error.detail if isinstance(error, Refused) else _("It was deleted meanwhile.")
