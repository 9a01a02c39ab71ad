from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import drafts, schemas
from connectors.schemas.lines import lines

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def pointers(value, pointer=""):
    yield pointer
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from pointers(inner, schemas.below(pointer, key))


@given(JSON, st.sampled_from([None, 2]))
def test_every_value_of_any_json_has_its_line(value, indent):
    text = json.dumps(value, indent=indent)
    found = lines(text).at
    assert set(found) == set(pointers(value))
    assert max(found.values()) <= text.count("\n") + 1
    assert list(found.values()) == sorted(found.values())


def test_a_member_is_at_the_line_of_its_key_and_an_item_at_its_own():
    text = '{\n  "a":\n    {"b~/c": [1,\n      {"d": "x\\n\\"{[,:y"}]}\n}'
    at = lines(text).at
    assert [at[pointer] for pointer in ("", "/a", "/a/b~0~1c", "/a/b~0~1c/0", "/a/b~0~1c/1/d")] == [1, 2, 3, 3, 4]


@pytest.mark.parametrize(
    ("text", "line", "pointer", "words"),
    [
        ('{\n "config": {\n  "properties": {,}\n }\n}', 3, "", "column"),
        ("[]", 1, "", "JSON object"),
        ('{\n "properties": {},\n "properties": {}\n}', 3, "/properties", "twice"),
        ('{\n "properties": {"a": {\n  "format": "colour"}}}', 3, "/properties/a/format", "not known"),
        ('{\n "config": {\n  "$ref": "#/x"}}', 3, "/config/$ref", "no word of the dialect"),
        ('{"config": {"properties": {\n "a": {"minimum": NaN}}}}', 2, "/config/properties/a/minimum", "no JSON"),
        ('{"properties": {\n "a": {"title": "\\u0000"}}}', 2, "/properties/a/title", "cannot be stored"),
        ('{"properties": {\n "a": {"title": "\\ud800"}}}', 2, "/properties/a/title", "cannot be stored"),
        (
            '{"config": {"properties": {"a": {"type": "object", "properties": {\n "k": {"writeOnly": true}}}}}}',
            2,
            "/config/properties/a/properties/k",
            "credential's schema",
        ),
        ("[" * 50_000, 1, "", "too deeply"),
        ('{"a": ' * 50_000, 1, "", "too deeply"),
        (" " * 600_000, 1, "", "characters"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_wrong_is_said_at_its_line(text, line, pointer, words):
    [error] = drafts.read(text).errors
    assert (error.line, error.pointer) == (line, pointer)
    assert words in error.detail


def test_several_errors_come_in_the_order_of_their_lines():
    text = '{"config": {"properties": {\n "a": {"format": "x"},\n "b": {"format": "y"}}}, "credential": {"order": 1}}'
    assert [error.line for error in drafts.read(text).errors] == [2, 3, 3]


def test_a_schema_that_is_well_comes_back_taken_apart():
    draft = drafts.read('{"properties": {"key": {"writeOnly": true}, "rows": {}}}')
    assert not draft.errors
    assert list(draft.schema["credential"]["properties"]) == ["key"]
    assert drafts.read(drafts.written(draft.schema)).schema == draft.schema


@pytest.mark.parametrize("text", ["", "  \n ", "{}"])
def test_an_empty_schema_asks_for_nothing(text):
    assert drafts.read(text) == drafts.Draft({"credential": {}, "config": {}})
