"""What the templates of forms need: the attributes that every control has."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from connectors.forms.model import Field, Form, Node, Row
from connectors.forms.names import ACTION
from connectors.forms.rendering import render

register = template.Library()


@register.simple_tag(name="form")
def form_tag(form: Form) -> SafeString:
    """The fields of a form, to stand inside a page's own <form method="post">."""
    return render(form)


@register.simple_tag(takes_context=True)
def action(context: dict[str, Any], verb: str, node: Node | Row) -> SafeString:
    """The attributes of a button that asks for the form again."""
    pressed = {"formnovalidate": True, "name": ACTION, "value": f"{verb}:{node.name}"}
    return _attributes(pressed | _again(context["form"], "click"))


@register.simple_tag(takes_context=True)
def control(context: dict[str, Any], field: Field) -> SafeString:
    """The attributes of a field's control."""
    return _attributes({"id": field.id} | _shared(context["form"], field) | _described(field))


@register.simple_tag(takes_context=True)
def choice(context: dict[str, Any], field: Field, index: int) -> SafeString:
    """The attributes of one of a field's radio buttons or boxes; its label leads to the first."""
    return _attributes({"id": f"{field.id}-{index}" if index else field.id} | _shared(context["form"], field))


@register.filter
def described(node: Node) -> SafeString:
    return _attributes(_described(node))


@register.filter
def searchable(node: Node) -> SafeString:
    depends = " ".join(node.depends_on)
    return _attributes({"data-field": True, "data-name": node.pointer, "data-depends": depends or None})


def _shared(form: Form, field: Field) -> dict[str, Any]:
    again = {"data-refresh": True} | _again(form, "change") if field.is_trigger else {}
    return {
        "name": field.name,
        "placeholder": field.placeholder or None,
        "aria-required": "true" if field.is_required else None,
    } | again


def _described(node: Node) -> dict[str, Any]:
    return {"aria-describedby": node.described_by or None, "aria-invalid": "true" if node.errors else None}


def _again(form: Form, event: str) -> dict[str, Any]:
    """What makes htmx show the form anew in its place."""
    if not form.refresh_url:
        return {}
    return {
        "hx-post": form.refresh_url,
        "hx-trigger": event,
        "hx-target": "closest [data-form]",
        "hx-select": f"#{form.id}",
        "hx-swap": "outerHTML",
    } | ({"hx-vals": f'{{"{ACTION}": "refresh"}}'} if event == "change" else {})


def _attributes(pairs: dict[str, Any]) -> SafeString:
    """HTML attributes; True is one without a value, None is left out."""
    given = {key: value for key, value in pairs.items() if value is not None}
    found = (key if value is True else f'{key}="{conditional_escape(value)}"' for key, value in given.items())
    return mark_safe(" ".join(found))  # noqa: S308  (each value is escaped)
