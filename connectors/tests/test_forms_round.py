from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, assume, given, note, settings
from hypothesis import strategies as st

from connectors import catalog, forms
from connectors.forms.model import Field, Widget, walk
from connectors.schemas import check, defaults, normalise, split, validate
from connectors.tests import airbyte
from connectors.tests.browser import Page
from connectors.tests.dialect import documents
from connectors.tests.fitting import fitting
from connectors.tests.schemas import SERVICE, strange

OURS = {
    f"{folder.name} {part}": schema
    for folder in sorted(catalog.BUILTIN.iterdir())
    if (folder / "connector.json").exists()
    for part, schema in split(json.loads((folder / "connector.json").read_text())["schema"]).items()
    if schema.get("properties")
}
slow = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=10)


@pytest.fixture(scope="module")
def theirs(worker_id):
    airbyte.fetch()
    return {name: normalise(spec) for name, spec in airbyte.specs().items()}


def shown(schema, value, **more):
    return Page(forms.render(forms.build(schema, value, **more)))


def comes_back(schema, value):
    """Show a valid document, send the form as it is, and see that nothing has changed and no secret was shown."""
    filled = defaults(schema, value)
    assume(validate(schema, filled) == [])
    note(f"{schema}\n{value}")
    page = shown(schema, value)
    parsed = forms.parse(schema, page.send(), kept=value)
    assert (parsed.value, parsed.errors) == (filled, ())
    assert "S3CRET" not in page.html
    assert page.faults() == []


def is_refused_where_it_is_wrong(schema, value, draw):
    """Make one field of a valid document wrong: that field is told, and what was typed is still there."""
    assume(validate(schema, defaults(schema, value)) == [])
    form = forms.build(schema, value)
    wrong = [(node, text) for node in walk(form.root) if (text := breaking(node)) is not None]
    if not wrong and all(node.is_kept for node in walk(form.root) if isinstance(node, Field)):
        return  # a secret that is kept cannot be typed wrongly
    assume(wrong)
    node, text = draw(st.sampled_from(wrong))
    note(f"{schema}\n{value}\n{node.pointer} {text!r}")
    sent = Page(forms.render(form)).send()
    sent.setlist(node.name, [text])
    parsed = forms.parse(schema, sent, kept=value)
    assume(not parsed.action)  # fields that are new to the person come first
    assume(text or validate(schema, defaults(schema, without(value, node.pointer))))  # a default fills what is emptied
    assert node.pointer in [error.pointer for error in parsed.errors]
    page = shown(schema, parsed.value, errors=parsed.errors, texts=parsed.texts)
    assert page.errors(node.name) and page.faults() == []
    assert node.options or page.typed(node.name) == text


def without(value, pointer):
    """The document without one of its parts."""
    rest = here = copy.deepcopy(value)
    *path, last = [key.replace("~1", "/").replace("~0", "~") for key in pointer.split("/")[1:]]
    for key in path:
        here = here[int(key)] if isinstance(here, list) else here.get(key, {})
    if isinstance(here, list):
        del here[int(last)]
    else:
        here.pop(last, None)
    return rest


def breaking(node):
    """What nobody may type into this field; None when all may be typed."""
    if not isinstance(node, Field) or "" in node.pointer.split("/")[1:]:
        return None
    if node.options and node.widget in (Widget.CARDS, Widget.SELECT, Widget.RADIOS):
        return "no such option"
    if node.input_mode in ("numeric", "text", "decimal"):
        return "not a number"
    if node.widget is Widget.JSON:
        return '{"broken": '
    is_demanded = not node.is_trigger and node.is_required and not node.nothing and not node.is_kept
    return "" if is_demanded and node.widget in (Widget.TEXT, Widget.TEXTAREA) and node.text else None


@settings(slow, max_examples=150)
@given(documents())
def test_any_document_of_any_schema_comes_back_as_it_was(drawn):
    schema, value = drawn
    assert check(schema) == []
    comes_back(schema, value)


@settings(slow, max_examples=100)
@given(documents(), st.data())
def test_a_wrong_field_of_any_schema_is_told_at_its_place(drawn, data):
    is_refused_where_it_is_wrong(*drawn, data.draw)


@settings(slow, max_examples=100)
@given(strange)
def test_what_older_versions_left_is_kept_and_judged_as_ever(value):
    parsed = forms.parse(SERVICE, shown(SERVICE, value).send(), kept=value)
    judged = {error.pointer for error in validate(SERVICE, defaults(SERVICE, value))}
    assert all(error.pointer.startswith(tuple(judged)) for error in parsed.errors)
    assert parsed.value.get("old") == value.get("old")


@pytest.mark.parametrize("name", OURS)
@slow
@given(data=st.data())
def test_our_own_connectors_come_back_and_are_refused_where_they_are_wrong(name, data):
    value = data.draw(fitting(OURS[name]))
    comes_back(OURS[name], value)
    is_refused_where_it_is_wrong(OURS[name], value, data.draw)


@pytest.mark.parametrize("name", airbyte.PACKAGES)
@slow
@given(data=st.data())
def test_airbytes_connectors_come_back_as_they_were(theirs, name, data):
    assert check(theirs[name]) == []
    comes_back(theirs[name], data.draw(fitting(theirs[name])))


@pytest.mark.parametrize("name", airbyte.PACKAGES)
@slow
@given(data=st.data())
def test_airbytes_connectors_are_refused_where_they_are_wrong(theirs, name, data):
    is_refused_where_it_is_wrong(theirs[name], data.draw(fitting(theirs[name])), data.draw)
