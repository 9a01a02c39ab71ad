"""Entering a credential: a new one, or what is to be changed of one there is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from connectors import catalog, schemas
from connectors.models import Connector
from connectors.schemas import FieldError
from integrations.domain import Json
from integrations.models import Credential
from integrations.services import accounts, credentials
from integrations.services.errors import Gone, Invalid, Stale
from integrations.vault import Unreadable
from integrations.web.credentials import found
from integrations.web.entered import Entered
from integrations.web.settings import seen
from tenants.roles import Role
from tenants.web.pages import MemberPage

DATA = "/data"


class CredentialForm(MemberPage):
    """`save` keeps what was entered and returns the credential; `context` is what else the page needs."""

    role = Role.EDITOR
    http_method_names = ["get", "head", "post"]

    def take(self, request: HttpRequest, entered: Entered, context: dict[str, Any]) -> HttpResponse:
        """Save, or show the page again with what is wrong."""
        name = request.POST.get("name", "")[: credentials.LONGEST_NAME + 1]
        if entered.parsed.action:
            return self.page(request, entered, context | {"name": name})
        errors, refusal = list(entered.parsed.errors), ""
        if not errors:
            try:
                saved = self.save(request, name, entered.given)
            except Invalid as invalid:
                errors = list(invalid.errors)
            except Stale:
                refusal = _("Somebody changed it while you did. Save again to have it your way.")
            except Gone:
                refusal = _("Somebody deleted this credential meanwhile.")
            else:
                messages.success(request, _("%(name)s is kept, sealed.") % {"name": saved.name})
                return redirect("credential_page", pk=saved.pk)
        return self.page(request, entered, context | {"name": name, "refusal": refusal}, errors)

    def save(self, request: HttpRequest, name: str, data: Json) -> Credential:
        raise NotImplementedError

    def page(
        self, request: HttpRequest, entered: Entered, context: dict[str, Any], errors: Iterable[FieldError] = ()
    ) -> HttpResponse:
        form = entered.form(request, [_at_field(error) for error in errors if error.pointer != "/name"])
        named = [error.detail for error in errors if error.pointer == "/name"]
        context |= {"form": form, "name_errors": named, "has_lost_secrets": entered.has_lost_secrets}
        return render(request, "credentials/form.html", context)


class Edit(CredentialForm):
    """Two people may edit at once: whoever saves second is told, and keeps what they typed."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        credential = self._find(pk)
        entered = Entered.of(credential.connector.credential_schema, self.stored)
        return self.page(request, entered, self._context())

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        credential = self._find(pk)
        entered = Entered.read(request, credential.connector.credential_schema, self.stored)
        return self.take(request, entered, self._context())

    def save(self, request: HttpRequest, name: str, data: Json) -> Credential:
        who = self.access.user
        return credentials.update(credential=self.credential, by=who, name=name, data=data, seen=seen(request))

    def _find(self, pk: UUID) -> Credential:
        self.credential = found(pk)
        try:
            self.stored: Json = self.credential.data
        except Unreadable:
            self.stored = {}
        return self.credential

    def _context(self) -> dict[str, Any]:
        credential = self.credential
        return {
            "credential": credential,
            "connector": credential.connector,
            "name": credential.name,
            "seen": credential.updated_at.isoformat(),
            "users": accounts.users(credential),
        }


class New(CredentialForm):
    """First the connector, then what it asks for."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.GET.get("connector"):
            offered = accounts.connectors(self.access.tenant_id)
            return render(request, "credentials/choose.html", {"connectors": offered})
        connector = self._find(request)
        return self.page(request, Entered.of(connector.credential_schema, {}), self._context())

    def post(self, request: HttpRequest) -> HttpResponse:
        connector = self._find(request)
        return self.take(request, Entered.read(request, connector.credential_schema, {}), self._context())

    def save(self, request: HttpRequest, name: str, data: Json) -> Credential:
        tenant, who = self.access.tenant_id, self.access.user
        return credentials.create(tenant_id=tenant, connector=self.connector, name=name, data=data, by=who)

    def _find(self, request: HttpRequest) -> Connector:
        offered = catalog.available(self.access.tenant_id)
        self.connector = get_object_or_404(offered, slug=request.GET.get("connector", ""))
        return self.connector

    def _context(self) -> dict[str, Any]:
        has_fields = schemas.has_fields(self.connector.credential_schema)
        return {"connector": self.connector, "name": self.connector.name, "needs_none": not has_fields}


def _at_field(error: FieldError) -> FieldError:
    return FieldError(error.pointer.removeprefix(DATA), error.code, error.detail)
