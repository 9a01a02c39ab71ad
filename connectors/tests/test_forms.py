from __future__ import annotations

import json

import pytest
from hypothesis import given

from connectors import catalog, forms
from connectors.schemas import defaults, split, validate
from connectors.tests.browser import Page
from connectors.tests.schemas import SERVICE, services


def shown(schema, value, **more):
    return Page(forms.render(forms.build(schema, value, **more)))


def there_and_back(schema, value):
    return forms.parse(schema, shown(schema, value).send(), kept=value)


@given(services)
def test_a_document_comes_back_as_it_was(value):
    assert there_and_back(SERVICE, value).value == defaults(SERVICE, value)


@given(services)
def test_no_secret_is_in_the_page(value):
    assert "S3CRET" not in shown(SERVICE, value).html


BUILTIN = [
    (folder.name, part, schema)
    for folder in sorted(catalog.BUILTIN.iterdir())
    if (folder / "connector.json").exists()
    for part, schema in split(json.loads((folder / "connector.json").read_text())["schema"]).items()
]


@pytest.mark.parametrize(("slug", "part", "schema"), BUILTIN, ids=lambda value: value if isinstance(value, str) else "")
def test_an_empty_form_of_our_own_connectors_asks_for_what_is_missing(slug, part, schema):
    missing = {error.pointer for error in validate(schema, defaults(schema, {}))}
    assert {error.pointer for error in there_and_back(schema, {}).errors} == missing


def test_a_mistake_stands_at_its_field_and_what_was_typed_stays():
    page = shown(SERVICE, {}).type("form/url", "nowhere").type("form/pages", "many")
    parsed = forms.parse(SERVICE, page.send(), kept={})
    again = shown(SERVICE, parsed.value, errors=parsed.errors)
    assert again.errors("form/url") == "Give a full address, such as https://example.com/path."
    assert again.errors("form/pages") == "Give a whole number."
    assert again.control("form/pages")["value"] == "many"


def test_choosing_shows_the_fields_of_the_choice():
    page = shown(SERVICE, {})
    assert not page.has("form/auth/user")
    parsed = forms.parse(SERVICE, page.choose("form/auth/type", "basic").send("refresh:form/auth/type"))
    again = shown(SERVICE, parsed.value)
    assert parsed.action == "refresh" and again.has("form/auth/user")
    again.type("form/url", "https://example.com").type("form/auth/user", "ann").type("form/auth/password", "S3CRET")
    done = forms.parse(SERVICE, again.send(), kept=parsed.value)
    assert done.is_final and done.value["auth"] == {"type": "basic", "user": "ann", "password": "S3CRET"}


def test_rows_are_added_moved_and_removed_with_their_secrets():
    value = {"url": "https://x", "headers": [{"name": "a", "value": "S3CRET-a"}, {"name": "b", "value": "S3CRET-b"}]}
    for press in ("up:form/headers/1", "remove:form/headers/1", "add:form/headers"):
        value = forms.parse(SERVICE, shown(SERVICE, value).send(press), kept=value).value
    assert value["headers"] == [{"name": "b", "value": "S3CRET-b"}, {}]


def again(schema, page, parsed=None, press=""):
    """Send the page, and show what comes of it: (the new page, what was read)."""
    kept, memory = (parsed.value, parsed.memory) if parsed else ({}, {})
    parsed = forms.parse(schema, page.send(press), kept=kept, memory=memory)
    return shown(schema, parsed.value, errors=parsed.errors, texts=parsed.texts), parsed


def test_what_was_typed_for_another_choice_comes_back_with_it():
    page, parsed = again(SERVICE, shown(SERVICE, {}).choose("form/auth/type", "basic"))
    page.type("form/auth/user", "ann").type("form/auth/password", "S3CRET").choose("form/auth/type", "key")
    page, parsed = again(SERVICE, page, parsed)
    assert parsed.action == "refresh" and parsed.value["auth"] == {"type": "key"}
    page, parsed = again(SERVICE, page.choose("form/auth/type", "basic"), parsed)
    assert parsed.value["auth"] == {"type": "basic", "user": "ann", "password": "S3CRET"}
    assert "S3CRET" not in page.html


def test_a_secret_is_not_carried_over_to_another_choice():
    token = {"type": "string", "writeOnly": True}
    options = [{"properties": {"type": {"const": name}, "token": token}} for name in ("bearer", "basic")]
    schema = {"type": "object", "oneOf": options}
    kept = {"type": "bearer", "token": "S3CRET"}
    page = shown(schema, kept).choose("form/type", "basic")
    assert forms.parse(schema, page.send(), kept=kept).value == {"type": "basic"}


def test_fields_that_nobody_has_seen_are_shown_before_anything_is_saved():
    value = {"url": "https://example.com"}
    page, parsed = again(SERVICE, shown(SERVICE, value).choose("form/auth/type", "basic"))
    assert parsed.action == "refresh" and not parsed.is_final and page.has("form/auth/user")
    page, parsed = again(SERVICE, page, parsed)
    assert [error.pointer for error in parsed.errors] == ["/auth/user", "/auth/password"]
