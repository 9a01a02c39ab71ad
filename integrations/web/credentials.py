"""The pages of credentials: a list, and of each what it holds, how it stands, and who uses it."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from integrations.models import Credential
from integrations.services import accounts, connections, credentials
from integrations.services.connections import Report
from integrations.services.errors import Gone, Refused, Stale
from integrations.vault import Unreadable
from integrations.web import trials
from integrations.web.asking import is_fragment, paged
from integrations.web.integrations import words_of
from integrations.web.settings import seen
from tenants.roles import Role
from tenants.web.pages import MemberPage

TRIAL = "trial"
"""Where the session keeps what a test said until the page that shows it."""


class Credentials(MemberPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").strip()[:200]
        page = paged(request, accounts.found(text))
        context = {"page": page, "rows": accounts.rows(page.rows), "text": text, "may": may(self)}
        template = "credentials/_list.html" if is_fragment(request) else "credentials/list.html"
        answer = render(request, template, context)
        patch_vary_headers(answer, ["HX-Request"])
        return answer


class CredentialPage(MemberPage):
    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        credential = found(pk)
        context = {"account": accounts.one(credential), "credential": credential, "may": may(self)}
        context["can_test"] = connections.can_test(credential.connector)
        return render(request, "credentials/credential.html", context | self._trial(pk))

    def _trial(self, pk: UUID) -> dict[str, Any]:
        kept = self.request.session.get(TRIAL)
        if not kept or kept["of"] != str(pk):
            return {}
        del self.request.session[TRIAL]
        return {"trial": kept["trial"]}


class Try(MemberPage):
    """Test it. The credential's page says once what came of it; a script is given the stages as they pass."""

    role = Role.OPERATOR
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        credential = found(pk)
        attempt = partial(connections.try_credential, credential=credential, by=self.access.user)
        if trials.is_wanted_in_pieces(request):
            return trials.streamed(self.access.tenant_id, lambda tell: attempt(on_stage=tell), partial(self._keep, pk))
        try:
            self._keep(pk, attempt())
        except Refused as refusal:
            messages.info(request, f"{refusal.detail} {refusal.fix}")
        except Unreadable:
            messages.error(request, _("The credential cannot be opened. Enter its secrets again."))
        return redirect("credential_page", pk=pk)

    def _keep(self, pk: UUID, report: Report) -> None:
        """The answer may have begun already, and with it the session's own saving is over."""
        self.request.session[TRIAL] = {"of": str(pk), "trial": report.as_json()}
        self.request.session.save()


class Delete(MemberPage):
    """Say who uses it, then delete it."""

    role = Role.EDITOR
    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        credential = found(pk)
        context = {"credential": credential, "users": accounts.users(credential)}
        return render(request, "credentials/delete.html", context | {"seen": credential.updated_at.isoformat()})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        credential = found(pk)
        try:
            credentials.delete(credential=credential, by=self.access.user, seen=seen(request))
        except (Refused, Gone) as error:
            messages.error(request, words_of(error))
            return redirect("delete_credential", pk=pk)
        except Stale:
            messages.error(request, _("Somebody changed it meanwhile. Look at it again before you delete it."))
            return redirect("credential_page", pk=pk)
        messages.success(request, _("%(name)s is deleted, and its secrets with it.") % {"name": credential.name})
        return redirect("credentials_page")


def found(pk: UUID) -> Credential:
    return get_object_or_404(Credential.objects.select_related("connector", "tenant", "grant"), pk=pk)


def may(page: MemberPage) -> dict[str, bool]:
    return {"test": page.access.may(Role.OPERATOR), "edit": page.access.may(Role.EDITOR)}
