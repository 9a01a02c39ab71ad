"""The configuration of an integration while somebody changes it: what was typed, and the choices that were loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.http import HttpRequest

from connectors import forms
from connectors.forms import Form, Parsed
from connectors.schemas import FieldError
from integrations.domain import Choice
from integrations.models import Integration
from integrations.services import choices, entries
from integrations.services.entries import Entry
from integrations.web import live
from integrations.web.asking import entry_of
from integrations.web.choices import dataset_options
from integrations.web.live import Loaded
from tenants.api.access import Access

PREFIX = "config"


@dataclass(frozen=True, slots=True)
class Typed:
    """`entry` is the id under which it waits, sealed, when the form is shown again."""

    integration: Integration
    parsed: Parsed
    entry: UUID
    loaded: Loaded

    @classmethod
    def of(cls, integration: Integration) -> Typed:
        """Nothing yet."""
        return cls(integration, Parsed(integration.config), uuid4(), Loaded({}))

    @classmethod
    def read(cls, request: HttpRequest, access: Access, integration: Integration) -> Typed:
        """Keep what was typed, and load the choices that the pressed button asks for."""
        entry, form, by = entry_of(request), _form(integration), access.user
        before = entries.find(pk=entry, form=form, by=by) or Entry(integration.config)
        schema = integration.connector.config_schema
        parsed = forms.parse(schema, request.POST, prefix=PREFIX, kept=before.value, memory=before.memory)
        typed = cls(integration, parsed, entry, Loaded(before.choices))
        loaded = live.load(parsed, typed.form(request), before.choices, typed._choices)
        kept = Entry(parsed.value, parsed.memory, loaded.known)
        where, of = access.tenant_id, integration.connector
        entry = entries.keep(pk=entry, form=form, by=by, connector=of, tenant_id=where, entry=kept)
        return cls(integration, parsed, entry, loaded)

    def form(self, request: HttpRequest, errors: Iterable[FieldError] = ()) -> Form:
        return forms.build(
            self.integration.connector.config_schema,
            self.parsed.value,
            prefix=PREFIX,
            errors=errors,
            datasets=dataset_options(without=self.integration),
            options=live.options(self.loaded.known),
            texts=self.parsed.texts,
            notices=self.loaded.notices,
            refresh_url=request.path,
        )

    def forget(self, access: Access) -> None:
        entries.forget(pk=self.entry, form=_form(self.integration), by=access.user)

    def _choices(self, source: str) -> Sequence[Choice]:
        connector, credential = self.integration.connector, self.integration.credential
        return choices.load(connector=connector, credential=credential, config=self.parsed.value, source=source)


def _form(integration: Integration) -> str:
    return f"integration {integration.pk}"
