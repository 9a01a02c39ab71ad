"""Form fields for JSON that staff write by hand: errors come with their line, and what was typed stays as typed."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from connectors import drafts
from connectors.schemas.lines import LineError, lines


class CodeWidget(UnfoldAdminTextareaWidget):
    """A text with numbered lines; without a script it is a plain field in a fixed width."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        shown = {"rows": 8, "class": "hub-code", "spellcheck": "false", "wrap": "off", "autocapitalize": "off"}
        super().__init__({**shown, **(attrs or {})})


class SchemaWidget(CodeWidget):
    """The editor with the form that the schema makes beside it."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        text = super().render(name, value, attrs, renderer)
        context = {"text": text, "preview_url": reverse("admin:connectors_connector_preview")}
        return render_to_string("platform/schema.html", context)


class JsonField(forms.CharField):
    """A JSON object."""

    widget = CodeWidget

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else drafts.written(value or {})

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found, errors = self.read(value)
        if errors:
            raise forms.ValidationError([_words(error) for error in errors])
        return found

    def read(self, text: str) -> tuple[Any, tuple[LineError, ...]]:
        try:
            found = json.loads(text) if text.strip() else {}
        except json.JSONDecodeError as error:
            return {}, (LineError(error.lineno, "", f"It is not JSON: {error.msg} (column {error.colno})."),)
        except (RecursionError, ValueError):
            return {}, (LineError(1, "", "It is nested too deeply, or holds a number that is too long."),)
        if not isinstance(found, dict):
            return {}, (LineError(1, "", "It must be one JSON object: { ... }."),)
        return found, tuple(lines(text).errors)

    def validate(self, value: Any) -> None:
        """An empty object is a value."""

    def run_validators(self, value: Any) -> None:
        """What texts are judged by does not fit an object."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or {}))
        except forms.ValidationError:
            return True


class SchemaField(JsonField):
    """A connector's schema, which a plain object schema is taken apart into."""

    widget = SchemaWidget

    def read(self, text: str) -> tuple[Any, tuple[LineError, ...]]:
        draft = drafts.read(text)
        return draft.schema, draft.errors


class WordsField(forms.CharField):
    """A list of words, written with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, list) else [word.strip() for word in (value or "").split(",") if word.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or []))


def _words(error: LineError) -> str:
    return f"Line {error.line}{f', {error.pointer}' if error.pointer else ''}: {error.detail}"
