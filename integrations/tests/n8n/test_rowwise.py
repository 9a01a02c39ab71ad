from __future__ import annotations

from connectors.discovery import drafts
from connectors.schemas import check, validate
from connectors.tests.discovery.nodes import choice, node, parameter
from integrations.engines.n8n import calls, rowwise


def parameters(*properties, **config):
    made = drafts.draft(node(choice("operation", "send"), *properties), {})
    assert check(made.schema) == []
    rows = "00000000-0000-4000-8000-000000000000"
    given = {"operation": "send", "hub_rows": rows, **config}
    assert validate(made.schema["config"], given) == []
    return calls.parameters(made.template["fields"], given)


def test_a_column_takes_its_place_in_a_text():
    assert parameters(parameter("text"), text="{{row.name}}")["text"] == '={{ $json.row["name"] }}'
    assert parameters(parameter("text"), text="Ahoy {{ row.a b }}!")["text"] == (
        '={{ ["Ahoy ", $json.row["a b"] ?? \'\', "!"].join(\'\') }}'
    )


def test_what_stands_around_a_column_is_not_evaluated():
    made = parameters(parameter("text"), text="={{ $env.HOME }} {{row.x}} {{ 1 }}")["text"]

    assert "\\u007b\\u007b $env.HOME \\u007d\\u007d" in made
    assert made.count("{{") == made.count("}}") == 1


def test_columns_within_json_are_json():
    made = parameters(parameter("body", "json"), body='{"a": {"b": "{{row.b}}", "c": [1, "x{{row.c}}"]}}')["body"]

    assert made.startswith("={{ JSON.stringify(")
    assert made.count("}}") == 1
    assert '$json.row["b"]' in made


def test_a_query_takes_no_columns():
    made = parameters(parameter("query", typeOptions={"editor": "sqlEditor"}), query="delete {{row.id}}")["query"]

    assert "$json" not in made


def test_a_number_may_be_a_column_and_a_choice_may_not():
    made = parameters(parameter("count", "number"), hub_columns={"count": "n", "operation": "evil"})

    assert made == {"operation": "send", "count": '={{ $json.row["n"] }}'}


def test_without_a_dataset_nothing_is_a_column():
    made = drafts.draft(node(choice("operation", "send"), parameter("text")), {})

    assert calls.parameters(made.template["fields"], {"operation": "send", "text": "{{row.x}}"})["text"] == "{{row.x}}"
    assert not rowwise.is_rowwise({})
