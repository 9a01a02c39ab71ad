"""The forms of the pages about a tenant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.models import Theme
from tenants.roles import Role

LIVES = [
    ("30", _("30 days")),
    ("7", _("7 days")),
    ("90", _("90 days")),
    ("365", _("a year")),
    ("", _("until it is revoked")),
]
LINK_LIVES = [("7", _("7 days")), ("1", _("a day")), ("30", _("30 days"))]

Moment = forms.DateTimeInput(attrs={"type": "datetime-local"})
THEMES = [(Theme.SYSTEM, _("As the system has it")), (Theme.LIGHT, _("Light")), (Theme.DARK, _("Dark"))]
NO_PLACES = ("Etc", "SystemV", "US", "Canada", "Brazil", "Mexico", "Chile")
"""Beginnings of old names of zones, all of which have a newer one."""


def up_to(role: Role) -> list[tuple[str, str]]:
    return [(each.value, str(each.label)) for each in Role if role.covers(each)]


class LoginForm(AuthenticationForm):
    username = forms.EmailField(
        label=_("Email"), widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
    )
    error_messages = {
        "invalid_login": _("Email and password do not match. Mind upper and lower case in the password."),
        "inactive": _("This account is closed. Ask an administrator of your organisation."),
    }


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for?"), max_length=100)
    role = forms.ChoiceField(label=_("It may do what this role may"))
    days = forms.ChoiceField(label=_("It works for"), choices=LIVES, initial="30", required=False)

    def __init__(self, *args: Any, most: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = up_to(most)  # type: ignore[attr-defined]

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("Only for this address (empty: whoever has the link)"), required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    days = forms.TypedChoiceField(label=_("The link works for"), choices=LINK_LIVES, coerce=int)


class AccountForm(forms.Form):
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    name = forms.CharField(label=_("Name"), max_length=150, required=False)
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if email:
            self.fields["email"].initial = email
            self.fields["email"].disabled = True


class AuditForm(forms.Form):
    """The filter of the trail; the names are those of the API's own."""

    actor = forms.CharField(label=_("Who (email)"), required=False)
    verb = forms.CharField(label=_("Did what"), required=False)
    object_type = forms.CharField(label=_("To what"), required=False)
    at_after = forms.CharField(label=_("From"), required=False, widget=Moment)
    at_before = forms.CharField(label=_("Until"), required=False, widget=Moment)


class WelcomeForm(forms.Form):
    tenant_name = forms.CharField(
        label=_("Your organisation"),
        max_length=200,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "organization"}),
    )
    name = forms.CharField(
        label=_("Your name"), max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("At least 8 characters, and none of those that everybody uses."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, help_text=_("In which the pages tell times."))
    language = forms.ChoiceField(label=_("Language"), required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=THEMES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        languages = [("", _("What the browser asks for")), *settings.LANGUAGES]
        self.fields["time_zone"].choices = time_zones()  # type: ignore[attr-defined]
        self.fields["language"].choices = languages  # type: ignore[attr-defined]


def time_zones() -> list[tuple[str, Any]]:
    """IANA's zones by continent; empty stands for UTC."""
    by_place: dict[str, list[tuple[str, str]]] = {}
    for zone in sorted(available_timezones()):
        place, _slash, town = zone.partition("/")
        if town and place not in NO_PLACES:
            by_place.setdefault(place, []).append((zone, town.replace("_", " ")))
    return [("", "UTC"), *by_place.items()]
