"""The settings of an integration: what its connector asks for, its account, and when and how it runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from connectors import schemas
from connectors.schemas import FieldError
from integrations.models import Credential, Integration
from integrations.services import datasets, integrations, listing
from integrations.services.errors import Gone, Invalid, Stale
from integrations.web.integrations import found, may
from integrations.web.options import OptionsForm, credential_choices
from integrations.web.typed import Typed
from tenants.roles import Role
from tenants.web.pages import MemberPage


class Settings(MemberPage):
    """Two people may edit at once: whoever saves second is told, and keeps what they typed."""

    role = Role.EDITOR
    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = found(pk)
        options = OptionsForm.of(integration, credentials=credential_choices(integration.connector))
        return self._page(request, integration, options, Typed.of(integration))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        integration = found(pk)
        typed = Typed.read(request, self.access, integration)
        options = OptionsForm(request.POST, credentials=credential_choices(integration.connector))
        errors = list(typed.parsed.errors)
        if not typed.parsed.action and options.is_valid() and typed.parsed.is_final:
            errors = self._saved(request, integration, options, typed.parsed.value)
            if not errors:
                typed.forget(self.access)
                messages.success(request, _("The settings of %(name)s are kept.") % {"name": integration.name})
                return redirect("integration_page", pk=pk)
        return self._page(request, integration, options, typed, errors)

    def _saved(
        self, request: HttpRequest, integration: Integration, options: OptionsForm, config: dict[str, Any]
    ) -> list[FieldError]:
        """Save, or return what is wrong with the configuration; what is wrong with the rest stands at its fields."""
        changes = options.changes() | {"config": config}
        if "credential" in changes and changes["credential"] is not None:
            changes["credential"] = Credential.objects.get(pk=changes["credential"])
        try:
            integrations.update(integration=integration, by=self.access.user, seen=seen(request), **changes)
        except Stale:
            options.add_error(None, _("Somebody changed it while you did. Save again to have it your way."))
        except Gone:
            options.add_error(None, _("Somebody deleted this integration meanwhile."))
        except Invalid as invalid:
            return options.take(invalid.errors)
        return [] if options.is_valid() else [FieldError("", "not_saved", "")]

    def _page(
        self,
        request: HttpRequest,
        integration: Integration,
        options: OptionsForm,
        typed: Typed,
        errors: Sequence[FieldError] = (),
    ) -> HttpResponse:
        form = typed.form(request, [error for error in errors if error.code != "not_saved"])
        [row] = listing.rows([integration])
        context = {
            "integration": integration,
            "row": row,
            "tab": "settings",
            "may": may(self),
            "dataset": datasets.main().filter(integration=integration).first(),
            "form": form if schemas.has_fields(integration.connector.config_schema) else None,
            "entry": typed.entry,
            "options": options,
            "seen": integration.updated_at.isoformat(),
        }
        return render(request, "integrations/settings.html", context)


def seen(request: HttpRequest) -> tuple[datetime, ...] | None:
    try:
        moment = parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        return None
    return (moment,) if moment else None
