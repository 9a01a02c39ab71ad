"""The form of a connector: what staff may write, judged by the rules that every folder keeps."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from unfold.widgets import UnfoldAdminTextInputWidget

from connectors import exchange, manifest, uploads
from connectors.admin.fields import CodeWidget, JsonField, SchemaField, SchemaWidget, WordsField
from connectors.models import Connector

DECIDED_HERE = frozenset({"status", "is_featured", "position", "tenant"})
"""What staff say of every connector, also of one that follows its folder or somebody's n8n."""
FIXED = frozenset({"slug", "type"})
"""What deployments and past runs are known by."""
_FIELDS = {"n8n": "n8n_credentials", "spark": "spark_job"}
_FILES = {manifest.WORKFLOW: "template", manifest.LOGO: "logo", manifest.README: "readme"}


class ConnectorForm(forms.ModelForm[Connector]):
    categories = WordsField(
        required=False, widget=UnfoldAdminTextInputWidget, help_text="Small letters and digits, with commas between."
    )
    schema = SchemaField(required=False, widget=SchemaWidget({"rows": 28}))
    template = JsonField(required=False, label="Workflow", help_text="n8n: the export of the workflow.")
    n8n_credentials = JsonField(
        required=False, label="Credential in n8n", help_text="n8n: how our credential becomes one of n8n's."
    )
    oauth2 = JsonField(required=False, label="OAuth 2.0", help_text="How the credential signs in with OAuth 2.0.")
    test = JsonField(required=False, help_text="The one request that shows whether a connection works.")

    class Meta:
        model = Connector
        fields = (
            *("name", "slug", "summary", "description", "categories", "type", "version", "docs_url", "readme", "logo"),
            *("schema", "oauth2", "test", "template", "n8n_credentials", "n8n_workflow_id", "spark_job"),
            *("status", "is_featured", "position", "tenant"),
        )
        widgets = {"logo": CodeWidget({"rows": 6}), "readme": CodeWidget({"rows": 8, "wrap": "soft"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance._state.adding
        for name, field in self.fields.items():
            if name not in DECIDED_HERE and not (is_new or (self.is_ours and name not in FIXED)):
                field.disabled = True

    @property
    def is_ours(self) -> bool:
        return self.instance.source == Connector.Source.CUSTOM

    def clean_logo(self) -> str:
        logo: str = self.cleaned_data["logo"]
        try:
            return uploads.picture(logo.encode()).content.decode() if logo else ""
        except (uploads.Unfit, UnicodeDecodeError) as unfit:
            raise forms.ValidationError(str(unfit)) from unfit

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_ours and not self.errors:
            for field, words in self._problems(cleaned):
                self.add_error(field if field in self.fields else None, words)
        if self._is_shown(cleaned) and cleaned.get("type") not in settings.ENGINES:
            self.add_error("type", "This hub has no such engine.")
        return cleaned

    def _problems(self, cleaned: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What the rules of a folder say against it, by field."""
        candidate = copy.copy(self.instance)
        for name, value in cleaned.items():
            setattr(candidate, name, value)
        try:
            manifest.build(
                exchange.document(candidate),
                folder=candidate.slug,
                template=candidate.template or None,
                logo=candidate.logo,
                readme=candidate.readme,
            )
        except manifest.Broken as broken:
            for problem in broken.problems:
                if not (problem.file == manifest.WORKFLOW and not problem.pointer and candidate.n8n_workflow_id):
                    yield _field(problem), problem.detail

    def _is_shown(self, cleaned: dict[str, Any]) -> bool:
        return cleaned.get("status") == Connector.Status.PUBLISHED


def _field(problem: manifest.Problem) -> str:
    name = problem.pointer.split("/")[1] if problem.pointer else ""
    return _FILES.get(problem.file) or _FIELDS.get(name, name)
