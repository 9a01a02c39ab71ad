from __future__ import annotations

from typing import Any

from connectors import schemas
from connectors.discovery import configs, drafts
from connectors.tests.discovery.nodes import choice, node, parameter, show
from integrations.engines.n8n import calls

Json = dict[str, Any]


def call(*properties: Json, **config: Any) -> Json:
    """The parameters that the node gets for a configuration which its own form takes."""
    found = node(choice("operation", "send"), *properties)
    schema = configs.schema(found, configs.operations(found))
    filled = schemas.defaults(schema, config)
    assert schemas.validate(schema, filled) == []
    return calls.parameters(drafts.bare(schema), filled)


def test_values_stand_where_n8n_has_them() -> None:
    made = call(parameter("text"), parameter("count", "number", default=3), text="ahoy")

    assert made == {"operation": "send", "text": "ahoy", "count": 3}


def test_a_text_that_would_be_an_expression_is_a_literal() -> None:
    made = call(parameter("text"), text="={{ $env.SECRET }}")

    assert made["text"] == '={{ "={\\u007b"}}'.replace('"={\\u007b"', '"=\\u007b\\u007b $env.SECRET \\u007d\\u007d" ')


def test_a_query_in_which_the_node_looks_for_expressions_holds_none() -> None:
    made = call(parameter("query", typeOptions={"editor": "sqlEditor"}), query="select {{ 40+2 }}")

    assert made["query"] == '{{ "select \\u007b\\u007b 40+2 \\u007d\\u007d" }}'
    assert call(parameter("query"), query="select 1")["query"] == "select 1"


def test_only_the_groups_that_were_filled_are_sent() -> None:
    extra = parameter("extra", "collection", options=[parameter("colour", default="red"), parameter("size")])

    assert call(extra) == {"operation": "send"}
    assert call(extra, extra={"size": "=1"})["extra"] == {"size": '={{ "=1" }}'}


def test_a_list_of_groups_has_n8ns_name_around_it() -> None:
    tags = parameter(
        "tags",
        "fixedCollection",
        typeOptions={"multipleValues": True},
        options=[{"name": "tag", "displayName": "Tag", "values": [parameter("key"), parameter("value")]}],
    )

    made = call(tags, tags=[{"key": "a", "value": "=b"}])

    assert made["tags"] == {"tag": [{"key": "a", "value": '={{ "=b" }}'}]}


def test_an_id_becomes_a_locator_with_its_mode() -> None:
    modes = [{"name": "list", "type": "list"}, {"name": "id", "type": "string"}]

    made = call(parameter("pier", "resourceLocator", modes=modes), pier="=7")

    assert made["pier"] == {"__rl": True, "mode": "id", "value": '={{ "=7" }}'}


def test_columns_become_a_mapping() -> None:
    told = {"resourceMapper": {"resourceMapperMethod": "getColumns", "mode": "upsert"}}

    made = call(
        parameter("columns", "resourceMapper", typeOptions=told, default={}),
        columns={"value": {"id": 1, "name": "=x"}, "matchingColumns": ["id"]},
    )

    assert made["columns"]["mappingMode"] == "defineBelow"
    assert made["columns"]["value"] == {"id": 1, "name": '={{ "=x" }}'}
    assert made["columns"]["matchingColumns"] == ["id"]


def test_json_stays_a_text() -> None:
    assert call(parameter("body", "json"), body='{"a": 1}')["body"] == '{"a": 1}'


def test_what_belongs_to_an_option_that_is_not_chosen_is_not_sent() -> None:
    kind, wind = choice("kind", "sail", "motor"), parameter("wind", displayOptions=show(kind="sail"))
    found = node(choice("operation", "send"), kind, wind)
    schema = configs.schema(found, configs.operations(found))

    made = calls.parameters(drafts.bare(schema), {"operation": "send", "kind": "motor", "wind": "north"})

    assert made == {"operation": "send", "kind": "motor"}
