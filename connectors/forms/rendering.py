"""Makes HTML of a form."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connectors.forms.model import Form


def render(form: Form) -> SafeString:
    """The fields, without <form>, CSRF token and buttons of their own: those are the page's."""
    return render_to_string("forms/form.html", {"form": form})
