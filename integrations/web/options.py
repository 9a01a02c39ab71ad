"""When and how an integration runs, whatever its connector is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from connectors.models import Connector
from connectors.schemas import FieldError
from integrations.domain import Overlap, WriteMode
from integrations.models import Credential, Integration

MOST = 500
OVERLAPS = [(Overlap.SKIP.value, _("is left out")), (Overlap.QUEUE.value, _("waits its turn"))]
WRITE_MODES = [
    (WriteMode.REPLACE.value, _("replace those of the run before")),
    (WriteMode.APPEND.value, _("are added to them")),
    (WriteMode.MERGE.value, _("replace those with the same key, and are added otherwise")),
]
FIELDS = ("name", "cron", "time_zone", "on_new_data", "overlap", "write_mode", "timeout_seconds", "max_attempts")
RARE = ("overlap", "write_mode", "merge_keys", "timeout_seconds", "max_attempts")
LISTS = ("merge_keys", "alert_emails")
POINTERS = {"/name": "name", "/schedule/cron": "cron", "/schedule/time_zone": "time_zone", "/credential": "credential"}


class OptionsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    credential = forms.ChoiceField(label=_("Account"), required=False)
    cron = forms.CharField(
        label=_("Schedule"),
        required=False,
        max_length=200,
        help_text=_("Five fields: minute, hour, day, month, weekday. 0 6 * * 1-5 is every weekday at six."),
        widget=forms.TextInput(attrs={"placeholder": "0 6 * * 1-5", "list": "schedules", "spellcheck": "false"}),
    )
    time_zone = forms.CharField(
        label=_("Time zone of the schedule"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"placeholder": "Europe/Berlin"}),
    )
    on_new_data = forms.BooleanField(label=_("Run when a dataset that it reads has new rows"), required=False)
    overlap = forms.ChoiceField(label=_("A start while it still runs"), choices=OVERLAPS)
    write_mode = forms.ChoiceField(label=_("New rows"), choices=WRITE_MODES)
    merge_keys = forms.CharField(
        label=_("Key columns"), required=False, help_text=_("For rows that replace those with the same key; by commas.")
    )
    timeout_seconds = forms.IntegerField(label=_("Ends after (seconds)"), min_value=1, max_value=30 * 24 * 3600)
    max_attempts = forms.IntegerField(
        label=_("Tries"), min_value=1, max_value=100, help_text=_("Failures that may pass are tried again.")
    )

    alert_emails = forms.CharField(
        label=_("Tell by mail when it fails"),
        required=False,
        help_text=_("Addresses by commas. They are told once when it begins to fail, and when it works again."),
        widget=forms.TextInput(attrs={"placeholder": "data@example.com", "autocomplete": "email"}),
    )

    def __init__(self, *args: Any, credentials: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if credentials:
            self.fields["credential"].choices = credentials  # type: ignore[attr-defined]
        else:
            del self.fields["credential"]

    @property
    def usual(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in RARE]

    @property
    def rare(self) -> list[forms.BoundField]:
        """What few people change: it is folded away."""
        return [self[name] for name in self.fields if name in RARE]

    @property
    def is_rare_wrong(self) -> bool:
        return any(field.errors for field in self.rare)

    @classmethod
    def of(cls, integration: Integration, credentials: list[tuple[str, str]]) -> OptionsForm:
        initial = {name: getattr(integration, name) for name in FIELDS}
        lists = {name: ", ".join(getattr(integration, name)) for name in LISTS}
        credential = str(integration.credential_id or "")
        return cls(initial={**initial, **lists, "credential": credential}, credentials=credentials)

    @classmethod
    def of_values(cls, values: dict[str, Any]) -> OptionsForm:
        """The form of an integration that is not made yet; it chooses its account elsewhere."""
        unsaved = Integration()
        given = {name: values.get(name, getattr(unsaved, name)) for name in (*FIELDS, *LISTS)}
        lists = {name: ", ".join(given[name]) for name in LISTS}
        return cls(initial={**given, **lists}, credentials=[])

    def changes(self) -> dict[str, Any]:
        """What was chosen, in the words of the service."""
        given = self.cleaned_data
        changes = {name: given[name] for name in FIELDS if name in given}
        changes["time_zone"] = given["time_zone"] or "UTC"
        changes |= {name: [each.strip() for each in given[name].split(",") if each.strip()] for name in LISTS}
        if "credential" in given:
            changes["credential"] = UUID(given["credential"]) if given["credential"] else None
        return changes

    def take(self, errors: Iterable[FieldError]) -> list[FieldError]:
        """Show the errors of these fields at them, and return the others: those of the configuration, from its root."""
        others = []
        for error in errors:
            field = POINTERS.get(error.pointer, error.pointer.split("/")[1] if "/" in error.pointer else "")
            if error.pointer.startswith("/config"):
                others.append(FieldError(error.pointer.removeprefix("/config"), error.code, error.detail))
            else:
                self.add_error(field if field in self.fields else None, error.detail)
        return others or [FieldError("", "not_saved", "")]


def credential_choices(connector: Connector) -> list[tuple[str, str]]:
    """The accounts there are for the connector; empty when it takes none."""
    rows = Credential.objects.filter(connector=connector).order_by("name").values_list("pk", "name")[:MOST]
    found = [(str(pk), name) for pk, name in rows]
    return [("", str(_("none"))), *found] if found else []
