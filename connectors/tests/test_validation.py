from __future__ import annotations

import pytest
from hypothesis import given

from connectors.schemas import FieldError, defaults, validate
from connectors.tests.schemas import SERVICE, services, strange

URL = "https://example.com"


def found(value, schema=SERVICE):
    return {error.pointer: error.code for error in validate(schema, value)}


@given(services)
def test_a_value_with_its_defaults_is_valid_and_defaults_change_it_once(value):
    filled = defaults(SERVICE, value)
    assert validate(SERVICE, filled) == []
    assert defaults(SERVICE, filled) == filled


@given(strange)
def test_nothing_strange_breaks_the_judge_or_the_defaults(value):
    filled = defaults(SERVICE, value)
    assert defaults(SERVICE, filled) == filled
    assert all(isinstance(error, FieldError) for error in validate(SERVICE, filled))


@given(strange)
def test_no_error_repeats_a_value(value):
    planted = {**value, "url": "S3CRET", "auth": {"type": "S3CRET"}, "pages": "S3CRET"}
    assert "S3CRET" not in str(validate(SERVICE, planted))


def test_only_the_errors_of_the_chosen_option_are_told():
    assert found({"url": URL, "auth": {"type": "basic", "user": 7}}) == {
        "/auth/user": "type",
        "/auth/password": "required",
    }


def test_a_choice_that_does_not_exist_names_those_that_do():
    (error,) = validate(SERVICE, {"url": URL, "auth": {"type": "magic"}})
    assert (error.pointer, error.code) == ("/auth/type", "choice")
    assert error.detail == "Choose one of: none (None), key (API key), basic (User and password)."


def test_what_may_be_left_out_with_null_is_judged_by_what_it_should_be():
    schema = {"properties": {"size": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}}}
    assert found({"size": None}, schema) == {}
    assert found({"size": 0}, schema) == {"/size": "too_small"}
    assert found({"size": "x"}, schema) == {"/size": "type"}


def test_a_choice_not_made_is_asked_for():
    assert found({"url": URL, "auth": {}}) == {"/auth/type": "required"}


def test_a_misspelt_field_is_an_error_that_names_the_right_one():
    (error,) = validate(SERVICE, {"url": URL, "auth": {"type": "none"}, "page": 3})
    assert error == FieldError("/page", "unknown", "There is no such field. Did you mean pages?")


def test_a_field_of_the_wrong_type_has_one_error():
    assert found({"url": URL, "auth": "none"}) == {"/auth": "type"}


def test_a_missing_field_is_called_by_its_title():
    assert validate(SERVICE, {"auth": {"type": "none"}}) == [FieldError("/url", "required", "Address is required.")]


@pytest.mark.parametrize(
    ("field", "value", "detail"),
    [
        ({"type": "integer"}, "7", "Give a whole number."),
        ({"type": ["string", "null"]}, 7, "Give text or nothing."),
        ({"minimum": 2}, 1, "Give 2 or more."),
        ({"exclusiveMaximum": 2}, 2, "Give less than 2."),
        ({"minLength": 1}, "", "This must not be empty."),
        ({"maxItems": 1}, [1, 2], "Give at most 1 item."),
        ({"uniqueItems": True}, [1, 1], "Each item may be given only once."),
        ({"enum": ["a", "b"]}, "c", "Choose one of: a, b."),
        ({"const": True}, 1, "This must be True."),
        ({"format": "email"}, "x", "Give an email address, such as name@example.com."),
        ({"format": "date"}, "x", "Give a date, such as 2026-01-31."),
        ({"format": "dataset"}, "x", "Give the id of a dataset."),
        ({"pattern": "^a$", "x-pattern-message": "Only a."}, "b", "Only a."),
        ({"pattern": "^a$", "examples": ["a"]}, "b", "This does not have the expected form. For example: a."),
        ({"minimum": 3, "errorMessage": "Too few by far."}, 1, "Too few by far."),
        ({"minimum": 3, "errorMessage": {"minimum": "Three!"}}, 1, "Three!"),
        ({"oneOf": [{"const": 1, "title": "One"}]}, 2, "Choose one of: 1 (One)."),
    ],
)
def test_errors_are_said_in_words(field, value, detail):
    schema = {"properties": {"x": field}}
    assert [error.detail for error in validate(schema, {"x": value})] == [detail]


def test_a_condition_demands_a_field_by_its_title():
    schema = {
        "properties": {"mode": {"enum": ["all", "since"]}, "from": {"type": "string", "title": "Start date"}},
        "if": {"required": ["mode"], "properties": {"mode": {"const": "since"}}},
        "then": {"required": ["from"]},
    }
    assert validate(schema, {"mode": "all"}) == []
    assert validate(schema, {"mode": "since"}) == [FieldError("/from", "required", "Start date is required.")]


def test_one_of_several_fields_may_be_demanded():
    schema = {"properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert [error.detail for error in validate(schema, {})] == ["Give at least one of: a, b."]
    assert validate(schema, {"b": 1}) == []


def test_defaults_go_through_objects_arrays_and_choices():
    schema = {
        "properties": {
            "pages": {
                "type": "object",
                "default": {"kind": "page"},
                "oneOf": [
                    {"properties": {"kind": {"const": "page"}, "size": {"type": "integer", "default": 100}}},
                    {"properties": {"kind": {"const": "none"}}},
                ],
            },
            "wait": {"type": "object", "properties": {"seconds": {"type": "integer", "default": 5}}},
            "columns": {"type": "array", "items": {"properties": {"name": {}, "keep": {"default": True}}}},
        }
    }
    assert defaults(schema, {"columns": [{"name": "id"}]}) == {
        "pages": {"kind": "page", "size": 100},
        "wait": {"seconds": 5},
        "columns": [{"name": "id", "keep": True}],
    }
    assert "size" not in defaults(schema, {"pages": {"kind": "none"}})["pages"]


def test_an_optional_object_that_would_be_incomplete_is_left_out():
    schema = {"properties": {"proxy": {"required": ["host"], "properties": {"host": {}, "port": {"default": 80}}}}}
    assert defaults(schema, {}) == {}
    assert defaults(schema, {"proxy": {"host": "a"}}) == {"proxy": {"host": "a", "port": 80}}


def test_a_default_is_never_shared():
    schema = {"properties": {"list": {"default": []}}}
    defaults(schema, {})["list"].append(1)
    assert defaults(schema, {}) == {"list": []}


def test_what_is_not_json_is_refused_without_being_shown():
    (error,) = validate(SERVICE, {"url": object()})
    assert error.code == "schema"
