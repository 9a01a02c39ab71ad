"""The forms of the pages about a tenant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils import timezone

from tenants.roles import Role

LIVES = [("30", "30 days"), ("7", "7 days"), ("90", "90 days"), ("365", "a year"), ("", "until it is revoked")]
LINK_LIVES = [("7", "7 days"), ("1", "a day"), ("30", "30 days")]


def up_to(role: Role) -> list[tuple[str, str]]:
    return [(each.value, str(each.label)) for each in Role if role.covers(each)]


class LoginForm(AuthenticationForm):
    username = forms.EmailField(
        label="Email", widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
    )
    error_messages = {
        "invalid_login": "Email and password do not match. Mind upper and lower case in the password.",
        "inactive": "This account is closed. Ask an administrator of your organisation.",
    }


class TokenForm(forms.Form):
    name = forms.CharField(label="What is it for?", max_length=100)
    role = forms.ChoiceField(label="It may do what this role may")
    days = forms.ChoiceField(label="It works for", choices=LIVES, required=False)

    def __init__(self, *args: Any, most: Role, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = up_to(most)  # type: ignore[attr-defined]

    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=int(days)) if days else None


class InvitationForm(forms.Form):
    email = forms.EmailField(label="Only for this address (empty: whoever has the link)", required=False)
    role = forms.ChoiceField(label="Role", choices=Role.choices)
    days = forms.TypedChoiceField(label="The link works for", choices=LINK_LIVES, coerce=int)


class AccountForm(forms.Form):
    email = forms.EmailField(label="Email", widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    name = forms.CharField(label="Name", max_length=150, required=False)
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if email:
            self.fields["email"].initial = email
            self.fields["email"].disabled = True


class AuditForm(forms.Form):
    """The filter of the trail; the names are those of the API's own."""

    actor = forms.CharField(label="Who (email)", required=False)
    verb = forms.CharField(label="Did what", required=False)
    object_type = forms.CharField(label="To what", required=False)
