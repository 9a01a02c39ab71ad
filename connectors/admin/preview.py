"""The form that a schema makes, as the wizard will show it, or what is wrong with the schema at which line."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from connectors import drafts, forms, schemas
from connectors.schemas.values import Json

TITLES = {"credential": "Account", "config": "Options"}
EXAMPLES = [forms.Option(str(UUID(int=1)), "An example dataset"), forms.Option(str(UUID(int=2)), "Another one")]


@require_POST
@xframe_options_sameorigin
@csp_replace({"frame-ancestors": [SELF]})
def preview(request: HttpRequest) -> HttpResponse:
    """Answer {errors: [{line, pointer, detail}], page} to scripts, and the page alone to a browser."""
    text = request.POST.get("schema", "")
    draft = drafts.read(text)
    parts = [] if draft.errors else [_form(request, name, part) for name, part in draft.schema.items()]
    context = {
        "text": text,
        "errors": draft.errors,
        "parts": [(TITLES[part.prefix], part) for part in parts if part],
        "theme": "dark" if request.POST.get("theme") == "dark" else "light",
    }
    page = render_to_string("platform/preview.html", context, request)
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"errors": [asdict(error) for error in draft.errors], "page": page})
    return HttpResponse(page)


def _form(request: HttpRequest, prefix: str, schema: Json) -> forms.Form | None:
    """The form of one part, with what was typed when one of its own buttons was pressed; None when it has no fields."""
    if not schemas.has_fields(schema):
        return None
    typed = forms.parse(schema, request.POST, prefix=prefix, kept={}) if "_action" in request.POST else None
    return forms.build(
        schema,
        typed.value if typed else {},
        prefix=prefix,
        datasets=EXAMPLES,
        texts=typed.texts if typed else None,
        refresh_url=request.path,
    )
