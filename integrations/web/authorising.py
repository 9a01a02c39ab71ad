"""The door to a service: a person is sent there to sign in, and comes back with what it granted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from connectors import catalog
from integrations.models import Credential
from integrations.services import credentials
from integrations.services.errors import Refused
from integrations.services.oauth2 import facts, signing_in
from integrations.services.oauth2.signing_in import Returned
from integrations.vault import Unreadable
from tenants.roles import Role
from tenants.web.pages import MemberPage, with_secret

UNREADABLE = Refused("unreadable", "The credential cannot be opened.", fix="Enter its secrets again.")


class Authorise(MemberPage):
    """How the sign-in stands, and the button that begins it."""

    role = Role.EDITOR

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._page(request, self._find(pk))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        credential = self._find(pk)
        try:
            begun = signing_in.begin(
                credential=credential,
                user=self.access.user,
                session_key=request.session.session_key or "",
                redirect_uri=request.build_absolute_uri(signing_in.path_back(credential.connector)),
            )
        except Refused as refusal:
            return self._page(request, credential, refusal=refusal, status=409)
        except Unreadable:
            return self._page(request, credential, refusal=UNREADABLE, status=409)
        return redirect(begun.url)

    def _find(self, pk: UUID) -> Credential:
        return get_object_or_404(Credential.objects.select_related("connector", "tenant", "grant"), pk=pk)

    def _page(self, request: HttpRequest, credential: Credential, status: int = 200, **more: Any) -> HttpResponse:
        context = {"credential": credential, "sign_in": credentials.sign_in(credential), **more}
        return render(request, "integrations/authorise.html", context, status=status)


class Authorised(MemberPage):
    """Where the service sends people back to, with a code or with an error."""

    role = Role.EDITOR

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        connector = get_object_or_404(catalog.shown(self.access.tenant_id), slug=slug)
        names = ("state", "code", "error", "error_description")
        context: dict[str, Any] = {"connector": connector}
        try:
            grant = signing_in.finish(
                connector=connector,
                user=self.access.user,
                session_key=request.session.session_key or "",
                returned=Returned(**{name: request.GET.get(name, "") for name in names}),
            )
        except Refused as refusal:
            context["refusal"] = refusal
        except Unreadable:
            context["refusal"] = UNREADABLE
        else:
            context |= {"credential": grant.credential, "sign_in": facts.of(grant.credential, grant.credential.data)}
        answer = with_secret(request, "integrations/authorised.html", context, 400 if "refusal" in context else 200)
        answer["Referrer-Policy"] = "no-referrer"  # the address of this page holds the code
        return answer
