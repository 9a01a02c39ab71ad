from __future__ import annotations

import json

from hypothesis import given

from connectors.schemas import mask, replace_secrets, secrets, unmask
from connectors.tests.schemas import SERVICE, services, strange

SET = {"set": True}


@given(services)
def test_a_mask_never_leaves_a_secret(value):
    assert "S3CRET" not in json.dumps(mask(SERVICE, value))


@given(services)
def test_what_was_masked_comes_back_whole(value):
    assert unmask(SERVICE, mask(SERVICE, value), value) == value


@given(strange)
def test_even_what_fits_no_schema_comes_back_whole(value):
    assert unmask(SERVICE, mask(SERVICE, value), value) == value


@given(services)
def test_with_its_known_secrets_taken_out_a_text_holds_none(value):
    text = json.dumps(value)
    for secret in secrets(SERVICE, value):
        text = text.replace(secret, "***")
    assert "S3CRET" not in text


def test_secrets_of_a_choice_not_made_are_hidden_too():
    left_over = {"auth": {"type": "none", "password": "S3CRET"}}
    assert mask(SERVICE, left_over) == {"auth": {"type": "none", "password": SET}}


def test_a_field_that_the_schema_forgot_is_hidden():
    assert mask(SERVICE, {"api_key": "S3CRET"}) == {"api_key": SET}
    assert mask({}, {"api_key": "S3CRET"}) == {"api_key": SET}
    assert secrets({}, {"api_key": "S3CRET"}) == ["S3CRET"]


def test_a_value_of_another_shape_than_the_schema_expects_is_hidden():
    assert mask(SERVICE, {"auth": "S3CRET", "url": ["S3CRET"]}) == {"auth": SET, "url": SET}


def test_an_empty_secret_is_shown_as_empty():
    assert mask(SERVICE, {"auth": {"type": "key", "key": ""}}) == {"auth": {"type": "key", "key": ""}}


def test_a_secret_that_is_left_out_keeps_its_value():
    old = {"url": "https://a.example", "auth": {"type": "key", "key": "S3CRET"}}
    new = {"url": "https://b.example", "auth": {"type": "key"}}
    assert unmask(SERVICE, new, old) == {"url": "https://b.example", "auth": {"type": "key", "key": "S3CRET"}}


def test_a_new_secret_replaces_the_old_one_and_an_empty_one_removes_it():
    old = {"auth": {"type": "key", "key": "old"}}
    assert unmask(SERVICE, {"auth": {"type": "key", "key": "new"}}, old)["auth"]["key"] == "new"
    assert unmask(SERVICE, {"auth": {"type": "key", "key": ""}}, old)["auth"]["key"] == ""


def test_a_secret_does_not_follow_into_another_choice():
    old = {"auth": {"type": "key", "key": "S3CRET"}}
    assert unmask(SERVICE, {"auth": {"type": "basic", "user": "ann"}}, old) == {
        "auth": {"type": "basic", "user": "ann"}
    }


def test_a_mark_without_an_old_secret_is_as_if_left_out():
    assert unmask(SERVICE, {"auth": {"type": "key", "key": SET}}, {}) == {"auth": {"type": "key"}}


def test_an_item_that_moved_takes_its_secret_along():
    old = {"headers": [{"name": "a", "value": "one"}, {"name": "b", "value": "two"}]}
    new = {"headers": [{"name": "b", "value": SET}, {"name": "a", "value": SET}]}
    assert unmask(SERVICE, new, old)["headers"] == [{"name": "b", "value": "two"}, {"name": "a", "value": "one"}]


def test_masking_changes_nothing_of_what_it_was_given():
    value = {"auth": {"type": "key", "key": "S3CRET"}}
    mask(SERVICE, value)
    unmask(SERVICE, {"auth": {"type": "key", "key": SET}}, value)
    assert value == {"auth": {"type": "key", "key": "S3CRET"}}


@given(services)
def test_replacing_secrets_by_themselves_changes_nothing(value):
    seen = []

    assert replace_secrets(SERVICE, value, lambda pointer, secret: seen.append(pointer) or secret) == value
    assert "S3CRET" not in json.dumps(replace_secrets(SERVICE, value, lambda pointer, _: pointer))
    assert len(seen) == len(set(seen))
