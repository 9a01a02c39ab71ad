from __future__ import annotations

import json
import re

import pytest
from django.contrib.auth.models import Permission

from connectors import catalog, drafts
from connectors.models import Connector
from tenants.models import User

pytestmark = pytest.mark.django_db
PATH = "/admin/connectors/connector/preview"
CHOSEN = {"config~e": "{}", "config~o": "1", "config/mode": "new"}
SCHEMA = {
    "credential": {"properties": {"key": {"type": "string", "title": "The key", "writeOnly": True}}},
    "config": {
        "properties": {
            "source": {"type": "string", "format": "dataset", "title": "Where from"},
            "mode": {"type": "string", "enum": ["all", "new"], "title": "Which rows"},
        },
        "if": {"properties": {"mode": {"const": "new"}}, "required": ["mode"]},
        "then": {"properties": {"since": {"type": "string", "format": "date", "title": "New since"}}},
    },
}


@pytest.fixture
def staff(client):
    clerk = User.objects.create(email="clerk@example.com", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_connector"))
    client.force_login(clerk)
    return client


def ask(staff, schema, **fields):
    text = schema if isinstance(schema, str) else json.dumps(schema)
    answer = staff.post(PATH, {"schema": text, **fields}, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    found = answer.json()
    return {**found, "page": re.sub(r'<input type="hidden" name="schema".*?>', "", found["page"], flags=re.DOTALL)}


def test_the_preview_is_the_form_of_both_parts(staff):
    answer = ask(staff, SCHEMA)
    assert answer["errors"] == []
    for words in ("Account", "The key", 'type="password"', "Options", "Where from", "An example dataset"):
        assert words in answer["page"]
    assert "New since" not in answer["page"]


def test_a_condition_is_shown_when_its_choice_is_made(staff):
    assert "New since" in ask(staff, SCHEMA, _action="refresh", **CHOSEN)["page"]


def test_errors_come_with_their_lines_and_no_form(staff):
    answer = ask(staff, '{"config": {"properties": {\n  "a": {"format": "colour"},\n  "b": 1}}}')
    assert [(error["line"], error["pointer"]) for error in answer["errors"]] == [
        (2, "/config/properties/a/format"),
        (3, "/config/properties/b"),
    ]
    assert "makes no form yet" in answer["page"]


def test_without_a_script_the_page_itself_comes_and_may_be_framed_by_the_hub_alone(staff):
    answer = staff.post(PATH, {"schema": json.dumps(SCHEMA)})
    assert b"The key" in answer.content
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]


def test_a_schema_without_fields_says_so(staff):
    assert "asks for nothing" in ask(staff, "{}")["page"]


def test_a_schema_cannot_put_a_script_into_the_page(staff):
    title = "</title><script>alert(1)</script>"
    page = ask(staff, {"properties": {"a": {"type": "string", "title": title, "description": title}}})["page"]
    assert "<script>alert" not in page


def test_every_built_in_schema_has_its_preview(staff):
    catalog.sync()
    for row in Connector.objects.all():
        assert ask(staff, drafts.written(row.schema))["errors"] == []


def test_the_preview_is_for_those_who_may_look_at_connectors(client):
    assert client.post(PATH).status_code == 302
    client.force_login(User.objects.create(email="other@example.com", is_staff=True))
    assert client.post(PATH).status_code == 403
    assert client.get(PATH).status_code in (403, 405)
