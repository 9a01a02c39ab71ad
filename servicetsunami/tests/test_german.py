from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.http import QueryDict
from django.test import Client
from django.utils.translation import override
from django.utils.translation.template import templatize

from connectors import forms
from connectors.schemas import validate
from tenants.models import User

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "de" / "LC_MESSAGES"
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "noop", "ngettext", "ngettext_lazy"}
TEXT = r"""u?((?:'(?:[^'\\]|\\.)*')|(?:"(?:[^"\\]|\\.)*"))"""
IN_TEMPLATE = re.compile(rf"(?:\b_|gettext|ngettext)\({TEXT}(?:, ?{TEXT})?", re.DOTALL)
PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*\}")
PACKAGES = ("tenants", "connectors", "integrations", "servicetsunami")


def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE / "django.po"))


def of_templates() -> Iterator[str]:
    for path in (ROOT / "templates").rglob("*.*"):
        shown = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        yield from (ast.literal_eval(found[1]) for found in IN_TEMPLATE.finditer(shown))


def of_code() -> Iterator[str]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if not {"tests", "admin"} & set(path.parts):  # the platform's own pages are in English
                yield from _calls(ast.parse(path.read_text(encoding="utf-8")))


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        name = getattr(node, "func", None)
        if isinstance(node, ast.Call) and isinstance(name, ast.Name) and name.id in CALLS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


@pytest.mark.parametrize("found", [of_templates, of_code])
def test_every_text_of_the_pages_is_translated(found) -> None:
    entries = {entry.msgid: entry for entry in catalogue() if not entry.obsolete}
    texts = set(found())
    assert len(texts) > 100
    assert sorted(text for text in texts if text not in entries or not entries[text].translated()) == []


def test_translations_keep_the_places_for_values() -> None:
    for entry in catalogue():
        for german in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            wanted = set(PLACE.findall(entry.msgid_plural or entry.msgid))
            assert set(PLACE.findall(german)) <= wanted | set(PLACE.findall(entry.msgid)), entry.msgid
            assert entry.msgid_plural or set(PLACE.findall(german)) == wanted, entry.msgid


def test_the_compiled_catalogue_is_that_of_the_texts() -> None:
    compiled = polib.mofile(str(CATALOGUE / "django.mo"))
    assert {entry.msgid: entry.msgstr or entry.msgstr_plural for entry in compiled} == {
        entry.msgid: entry.msgstr or entry.msgstr_plural for entry in catalogue() if entry.translated()
    }


def test_pages_speak_the_language_that_a_person_chose(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="de")
    client.force_login(alice)
    page = client.get("/connectors/")
    assert '<html lang="de"' in page.content.decode()
    assert "Konnektoren suchen" in page.content.decode()
    assert page.headers["Content-Language"] == "de"


def test_a_visitor_is_answered_in_the_browser_s_language_and_a_program_in_english(client: Client, alice: User) -> None:
    german = {"Accept-Language": "de-AT,de;q=0.9"}
    assert "Anmelden" in client.get("/login", headers=german).content.decode()
    assert client.get("/api/v1/runs/", headers=german).json()["title"] == "Unauthorized"


def test_what_is_wrong_with_a_form_is_said_in_the_reader_s_language() -> None:
    properties = {"limit": {"type": "integer", "title": "Limit"}, "all": {"enum": [True, False, None]}}
    schema = {"type": "object", "required": ["limit"], "properties": properties | {"rare": {"x-advanced": True}}}
    with override("de"):
        parsed = forms.parse(schema, QueryDict("form~e={}&form~o=1&form/limit=many"), prefix="form")
        shown = forms.render(forms.build(schema, {}, prefix="form", errors=parsed.errors))
    assert [error.detail for error in parsed.errors] == ["Erwartet wird eine ganze Zahl."]
    assert "Erweitert" in shown
    assert "Keiner" in shown
    assert validate(schema, {})[0].detail == "Limit is required."
