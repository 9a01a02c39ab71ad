from __future__ import annotations

import json
import time

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
    # A list that must not be empty is shown with its first row, and what is missing in that is asked for.
    missing = {error.pointer for error in validate(schema, defaults(schema, {}))}
    asked = {error.pointer for error in there_and_back(schema, {}).errors}
    assert {pointer.split("/")[1] for pointer in asked} == {pointer.split("/")[1] for pointer in missing}


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


def one(field, **more):
    """A schema with one field."""
    return {"type": "object", "properties": {"a": field}} | more


def test_a_time_is_given_in_the_zone_one_thinks_in():
    schema = one({"type": "string", "format": "date-time"})
    page = shown(schema, {}).type("form/a", "2026-07-01T09:30").type("form/a~z", "Europe/Berlin")
    assert forms.parse(schema, page.send()).value == {"a": "2026-07-01T09:30:00+02:00"}
    assert forms.parse(schema, page.type("form/a~z", "Mars").send()).errors[0].pointer == "/a"


def test_what_is_no_json_is_said_so_and_stays():
    schema = one({"type": "object"})
    page, parsed = again(schema, shown(schema, {}).type("form/a", '{"x": 1,}'))
    assert page.errors("form/a").startswith("This is not JSON: it breaks in line 1, column")
    assert page.typed("form/a") == '{"x": 1,}'


def test_two_entries_with_one_name_are_both_kept_and_told():
    schema = one({"type": "object", "additionalProperties": {"type": "string"}})
    page = shown(schema, {"a": {"k": "1", "l": "2"}}).type("form/a/~m/1~n", "k")
    page, parsed = again(schema, page)
    assert parsed.value == {"a": {"k": "1", "k 2": "2"}}
    assert page.errors("form/a/~m/1") == "There is already an entry named k."


def test_an_object_that_demands_something_is_opened_and_left_out_by_buttons():
    schema = one(
        {"type": "object", "title": "Tunnel", "required": ["host"], "properties": {"host": {"type": "string"}}}
    )
    page, parsed = again(schema, shown(schema, {}), press="add:form/a")
    page, parsed = again(schema, page, parsed)
    assert page.errors("form/a/host") == "host is required."
    assert again(schema, page, parsed, "remove:form/a")[1].value == {}


def test_boxes_keep_the_order_they_had():
    schema = one({"type": "array", "uniqueItems": True, "items": {"enum": ["x", "y", "z"]}})
    page = shown(schema, {"a": ["z", "x"]}).tick("form/a", "y")
    assert forms.parse(schema, page.send()).value == {"a": ["z", "x", "y"]}


def test_an_option_that_is_offered_no_more_stays_until_another_is_chosen():
    schema = one({"enum": ["x", "y"]})
    page = shown(schema, {"a": "old"})
    assert forms.parse(schema, page.send()).value == {"a": "old"}
    assert forms.parse(schema, page.choose("form/a", "y").send()).value == {"a": "y"}


def test_an_optional_secret_is_taken_away():
    schema = one({"type": "string", "writeOnly": True})
    page = shown(schema, {"a": "S3CRET"})
    assert forms.parse(schema, page.send(), kept={"a": "S3CRET"}).value == {"a": "S3CRET"}
    page.control("form/a~d")["checked"] = ""
    assert forms.parse(schema, page.send(), kept={"a": "S3CRET"}).value == {}


def test_a_secret_that_is_wrong_is_told_without_being_shown():
    schema = one({"type": "string", "writeOnly": True, "minLength": 20})
    page, parsed = again(schema, shown(schema, {}).type("form/a", "S3CRET"))
    assert page.errors("form/a") == "Give at least 20 characters." and "S3CRET" not in page.html


def test_datasets_and_live_choices_are_picked_from():
    uuid = "3f0c6a52-7f0e-4c38-9a53-2f6d0f1f6a10"
    properties = {"d": {"type": "string", "format": "dataset"}, "t": {"type": "string", "x-options": "tables"}}
    schema = {"type": "object", "properties": properties}
    asked = forms.parse(schema, shown(schema, {}).send("options:form/t"))
    assert (asked.action, asked.target) == ("options", "form/t")
    page = shown(
        schema, {}, datasets=[forms.Option(uuid, "Orders")], options={"tables": [forms.Option("t1", "Table 1")]}
    )
    sent = page.choose("form/d", uuid).choose("form/t", "t1").send()
    assert forms.parse(schema, sent).value == {"d": uuid, "t": "t1"}


def test_help_that_others_wrote_is_harmless():
    text = "<a href='javascript:x()' onclick='x()'>here</a><script>x()</script><b>bold</b>"
    html = shown(one({"type": "string", "description": text, "x-docs": "javascript:x()"}), {}).html
    assert "javascript:" not in html and "onclick" not in html and "<script" not in html and "<b>bold</b>" in html


def test_a_very_long_list_is_shown_as_json_and_comes_back():
    schema, value = one({"type": "array", "items": {"type": "integer"}}), {"a": list(range(10_000))}
    assert there_and_back(schema, value).value == value


def test_two_hundred_fields_are_quick():
    kinds = [
        {"type": "string"},
        {"type": "integer"},
        {"type": "boolean"},
        {"enum": list("abcdef")},
        {"writeOnly": True},
    ]
    names = {f"field_{at}": kinds[at % 5] | {"title": f"Field {at}", "description": "What."} for at in range(203)}
    schema = {"type": "object", "properties": names}
    shown(schema, {})
    begun = time.process_time()
    forms.render(forms.build(schema, {}))
    assert time.process_time() - begun < 0.3
