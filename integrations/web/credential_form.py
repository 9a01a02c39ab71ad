"""Entering a credential: a new one, or what is to be changed of one there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from connectors import catalog, schemas
from connectors.models import Connector
from connectors.schemas import FieldError
from integrations.domain import Choice, Json
from integrations.models import Credential
from integrations.services import accounts, choices, credentials, entries
from integrations.services.entries import Entry
from integrations.services.errors import Gone, Invalid, Stale
from integrations.vault import Unreadable
from integrations.web import live
from integrations.web.asking import entry_of
from integrations.web.credentials import found
from integrations.web.entered import Entered
from integrations.web.live import Loaded
from integrations.web.settings import seen
from tenants.roles import Role
from tenants.web.pages import MemberPage

DATA = "/data"


class CredentialForm(MemberPage):
    """`stored` is what is kept already. What was typed and not saved waits, sealed, until the form comes again."""

    role = Role.EDITOR
    http_method_names = ["get", "head", "post"]
    connector: Connector
    stored: Json

    def save(self, request: HttpRequest, name: str, data: Json) -> Credential:
        raise NotImplementedError

    def context(self) -> dict[str, Any]:
        """What else the page needs."""
        raise NotImplementedError

    def asked_with(self, entered: Entered) -> Credential:
        """What choices are asked for with."""
        raise NotImplementedError

    @property
    def form_name(self) -> str:
        raise NotImplementedError

    def empty(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, Entered.of(self.connector.credential_schema, self.stored), {})

    def take(self, request: HttpRequest) -> HttpResponse:
        """Save, or show the page again with what is wrong."""
        entry = entry_of(request)
        kept = entries.find(pk=entry, form=self.form_name, by=self.access.user)
        entered = Entered.read(request, self.connector.credential_schema, self.stored, kept)
        name = request.POST.get("name", "")[: credentials.LONGEST_NAME + 1]
        errors, refusal = list(entered.judged.errors), ""
        if entered.judged.is_final:
            try:
                saved = self.save(request, name, entered.given.value)
            except Invalid as invalid:
                errors = list(invalid.errors)
            except Stale:
                refusal = _("Somebody changed it while you did. Save again to have it your way.")
            except Gone:
                refusal = _("Somebody deleted this credential meanwhile.")
            else:
                entries.forget(pk=entry, form=self.form_name, by=self.access.user)
                messages.success(request, _("%(name)s is kept, sealed.") % {"name": saved.name})
                return redirect("credential_page", pk=saved.pk)
        loaded = self._loaded(request, entered, kept.choices if kept else {})
        more = {"name": name, "refusal": refusal, "entry": self._keep(entry, entered, loaded.known)}
        return self._page(request, entered, more, errors, loaded)

    def _loaded(self, request: HttpRequest, entered: Entered, known: Json) -> Loaded:
        def ask(source: str) -> Sequence[Choice]:
            credential = self.asked_with(entered)
            return choices.load(connector=self.connector, credential=credential, config={}, source=source)

        return live.load(entered.judged, entered.form(request), known, ask)

    def _keep(self, entry: UUID, entered: Entered, known: Json) -> UUID:
        return entries.keep(
            pk=entry,
            form=self.form_name,
            by=self.access.user,
            connector=self.connector,
            tenant_id=self.access.tenant_id,
            entry=Entry(entered.given.value, entered.given.memory, known),
        )

    def _page(
        self,
        request: HttpRequest,
        entered: Entered,
        more: Mapping[str, Any],
        errors: Sequence[FieldError] = (),
        loaded: Loaded | None = None,
    ) -> HttpResponse:
        loaded = loaded or Loaded({})
        at_fields = [_at_field(error) for error in errors if error.pointer != "/name"]
        context = {"entry": entry_of(request), **self.context(), **more}
        context["form"] = entered.form(request, at_fields, loaded.known, loaded.notices)
        context["name_errors"] = [error.detail for error in errors if error.pointer == "/name"]
        return render(request, "credentials/form.html", context)


class Edit(CredentialForm):
    """Two people may edit at once: whoever saves second is told, and keeps what they typed."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        self._find(pk)
        return self.empty(request)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        self._find(pk)
        return self.take(request)

    def save(self, request: HttpRequest, name: str, data: Json) -> Credential:
        who = self.access.user
        return credentials.update(credential=self.credential, by=who, name=name, data=data, seen=seen(request))

    def asked_with(self, entered: Entered) -> Credential:
        """As it is kept: its secrets go to no address that was typed just now."""
        return self.credential

    @property
    def form_name(self) -> str:
        return f"credential {self.credential.pk}"

    def context(self) -> dict[str, Any]:
        credential = self.credential
        return {
            "credential": credential,
            "connector": self.connector,
            "name": credential.name,
            "seen": credential.updated_at.isoformat(),
            "users": accounts.users(credential),
        }

    def _find(self, pk: UUID) -> None:
        self.credential = found(pk)
        self.connector = self.credential.connector
        try:
            self.stored = self.credential.data
        except Unreadable:
            self.stored = {}


class New(CredentialForm):
    """First the connector, then what it asks for."""

    stored: Json = {}

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.GET.get("connector"):
            offered = accounts.connectors(self.access.tenant_id)
            return render(request, "credentials/choose.html", {"connectors": offered})
        self._find(request)
        return self.empty(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        self._find(request)
        return self.take(request)

    def save(self, request: HttpRequest, name: str, data: Json) -> Credential:
        tenant, who = self.access.tenant_id, self.access.user
        return credentials.create(tenant_id=tenant, connector=self.connector, name=name, data=data, by=who)

    def asked_with(self, entered: Entered) -> Credential:
        return Credential(tenant_id=self.access.tenant_id, connector=self.connector, data=entered.given.value)

    @property
    def form_name(self) -> str:
        return f"credential of {self.connector.pk}"

    def context(self) -> dict[str, Any]:
        has_fields = schemas.has_fields(self.connector.credential_schema)
        return {"connector": self.connector, "name": self.connector.name, "needs_none": not has_fields}

    def _find(self, request: HttpRequest) -> None:
        offered = catalog.available(self.access.tenant_id)
        self.connector = get_object_or_404(offered, slug=request.GET.get("connector", ""))


def _at_field(error: FieldError) -> FieldError:
    return FieldError(error.pointer.removeprefix(DATA), error.code, error.detail)
