from __future__ import annotations

import pytest

from connectors.schemas import Reference, check, has_fields, normalise, references, split, validate
from connectors.tests.schemas import SERVICE

SECRET = {"type": "string", "writeOnly": True}


def test_a_schema_of_the_dialect_is_accepted():
    assert check(SERVICE) == []
    assert check({"credential": SERVICE, "config": {}}) == []


@pytest.mark.parametrize(
    ("schema", "pointer", "code"),
    [
        ([], "", "type"),
        ({"type": "string"}, "/type", "root"),
        ({"properties": {"a": {"$ref": "#/x"}}}, "/properties/a/$ref", "keyword"),
        ({"properties": {"a": {"airbyte_secret": True}}}, "/properties/a/airbyte_secret", "keyword"),
        ({"properties": {"a": {"format": "colour"}}}, "/properties/a/format", "format"),
        ({"properties": {"a": {"type": "strin"}}}, "/properties/a/type", "schema"),
        ({"properties": {"a": {"pattern": "("}}}, "/properties/a/pattern", "schema"),
        ({"properties": {"a": True}}, "/properties/a", "type"),
        ({"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}, "/oneOf", "discriminator"),
        ({"properties": {"a": {"oneOf": [{"type": "string"}]}}}, "/properties/a/oneOf", "options"),
        ({"config": {"format": "x"}}, "/config/format", "format"),
    ],
)
def test_what_is_not_of_the_dialect_is_named_with_its_place(schema, pointer, code):
    assert [(error.pointer, error.code) for error in check(schema)] == [(pointer, code)]


def test_a_plain_schema_is_taken_apart_into_secrets_and_settings():
    schema = {
        "required": ["host", "login", "rows"],
        "properties": {"host": {}, "login": {"properties": {"password": SECRET}}, "rows": {"type": "integer"}},
    }
    parts = split(schema)
    assert list(parts["credential"]["properties"]) == ["login"]
    assert parts["credential"]["required"] == ["login"]
    assert list(parts["config"]["properties"]) == ["host", "rows"]
    assert parts["config"]["required"] == ["host", "rows"]


def test_a_condition_takes_the_fields_it_ties_to_a_secret_along():
    rule = {"if": {"properties": {"mode": {"const": "key"}}}, "then": {"required": ["key"]}}
    parts = split({"properties": {"mode": {}, "key": SECRET, "rows": {}}, **rule})
    assert set(parts["credential"]["properties"]) == {"mode", "key"}
    assert set(parts["config"]["properties"]) == {"rows"}
    assert validate(parts["credential"], {"mode": "key"})[0].pointer == "/key"


def test_a_pair_of_schemas_is_left_as_it_is():
    assert split({"credential": SERVICE}) == {"credential": SERVICE, "config": {}}
    assert split({}) == {"credential": {}, "config": {}}


def test_a_schema_without_fields_needs_no_credential():
    assert not has_fields({})
    assert not has_fields({"type": "object", "properties": {}})
    assert has_fields({"oneOf": [{"properties": {"a": {}}}]})


def test_datasets_are_found_and_named():
    dataset = {"type": "string", "format": "dataset"}
    named = {"type": "object", "properties": {"name": {"type": "string"}, "dataset": dataset}}
    schema = {
        "properties": {
            "inputs": {"type": "array", "items": named},
            "other": named,
            "left": dataset,
            "more": {"type": "array", "items": dataset},
        }
    }
    value = {"inputs": [{"name": "a", "dataset": "1"}], "other": {"dataset": "2"}, "left": "3", "more": ["4", "5"]}
    assert references(schema, value) == [
        Reference("/inputs/0/dataset", "a", "1"),
        Reference("/other/dataset", "dataset", "2"),
        Reference("/left", "left", "3"),
        Reference("/more/0", "more_1", "4"),
        Reference("/more/1", "more_2", "5"),
    ]


def test_airbytes_words_become_ours():
    given = {
        "connectionSpecification": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "definitions": {"day": {"type": "string", "pattern": "^.{10}$", "pattern_descriptor": "YYYY-MM-DD"}},
            "properties": {
                "order": {"type": "string", "order": 1, "airbyte_secret": True, "examples": "x"},
                "group": {"type": "string", "group": "auth", "airbyte_hidden": True},
                "since": {"$ref": "#/definitions/day"},
            },
        }
    }
    schema = normalise(given)
    assert check(schema) == []
    assert schema["properties"]["order"] == {"type": "string", "x-order": 1, "writeOnly": True, "examples": ["x"]}
    assert schema["properties"]["group"] == {"type": "string", "x-group": "auth", "x-hidden": True}
    assert validate(schema, {"since": "x"})[0].detail == "Use the form YYYY-MM-DD."


def test_older_drafts_are_brought_up():
    given = {
        "properties": {
            "n": {"minimum": 1, "exclusiveMinimum": True},
            "pair": {"items": [{"type": "string"}]},
            "kind": {"enum": ["a"], "enumNames": ["The first"]},
        },
        "dependencies": {"n": ["pair"]},
    }
    schema = normalise(given)
    assert check(schema) == []
    assert schema["properties"]["n"] == {"exclusiveMinimum": 1}
    assert schema["dependentRequired"] == {"n": ["pair"]}


def test_a_reference_to_itself_is_refused_and_does_not_hang():
    schema = normalise(
        {"definitions": {"a": {"properties": {"b": {"$ref": "#/definitions/a"}}}}, "$ref": "#/definitions/a"}
    )
    assert [error.code for error in check(schema)] == ["keyword"]
