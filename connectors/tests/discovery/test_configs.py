from __future__ import annotations

import json
from typing import Any

import pytest

from connectors import schemas
from connectors.discovery import configs, descriptions
from connectors.discovery.descriptions import Node
from connectors.schemas import chosen
from connectors.tests.discovery.nodes import choice, described, node, parameter, show

Json = dict[str, Any]


def schema_of(found: Node) -> Json:
    made = configs.schema(found, configs.operations(found))
    assert schemas.check(made) == []
    return made


def fields(schema: Json, **config: Any) -> list[str]:
    """The fields that a form shows for what is chosen so far."""
    filled = schemas.defaults(schema, config)
    return list(dict.fromkeys(name for part in chosen(schema, filled) for name in part.get("properties", ())))


def test_resource_and_operation_come_first_and_bring_their_own_fields() -> None:
    made = schema_of(
        node(
            choice("resource", "boat", "berth"),
            choice("operation", "create", "remove", displayOptions=show(resource="boat")),
            choice("operation", "list", displayOptions=show(resource="berth")),
            parameter("name", required=True, displayOptions=show(resource="boat", operation="create")),
            parameter("pier", displayOptions=show(resource="berth")),
        )
    )

    assert fields(made, resource="boat", operation="create") == ["resource", "operation", "name"]
    assert fields(made, resource="berth") == ["resource", "operation", "pier"]
    assert [error.pointer for error in schemas.validate(made, {"resource": "boat", "operation": "create"})] == ["/name"]
    assert schemas.validate(made, {"resource": "berth", "operation": "list"}) == []


def test_a_field_waits_for_the_switch_that_shows_it() -> None:
    made = schema_of(
        node(
            choice("operation", "list"),
            parameter("returnAll", "boolean", default=False),
            parameter("limit", "number", default=50, displayOptions=show(returnAll=False)),
        )
    )

    assert "limit" in fields(made)
    assert "limit" not in fields(made, operation="list", returnAll=True)


def test_what_depends_on_a_hidden_field_is_hidden_with_it() -> None:
    made = schema_of(
        node(
            parameter("is_long", "boolean", default=False),
            choice("form", "short", "full", displayOptions=show(is_long=True)),
            parameter("text", displayOptions=show(form="short")),
        )
    )

    assert "text" not in fields(made)
    assert "text" in fields(made, is_long=True)


def test_the_version_decides_between_variants_of_a_field() -> None:
    old = parameter("ref", displayOptions={"show": {"@version": [{"_cnd": {"lt": 2}}]}})
    new = parameter("ref", "number", displayOptions={"show": {"@version": [{"_cnd": {"gte": 2}}]}})

    made = schema_of(node(old, new))

    assert made["properties"]["ref"]["type"] == "number"


@pytest.mark.parametrize(
    ("asked", "value", "is_shown"),
    [
        ({"_cnd": {"gte": 5}}, 5, True),
        ({"_cnd": {"gt": 5}}, 5, False),
        ({"_cnd": {"between": {"from": 1, "to": 3}}}, 2, True),
        ({"_cnd": {"not": 7}}, 7, False),
        ({"_cnd": {"not": 7}}, 8, True),
    ],
)
def test_conditions_compare(asked: Json, value: int, is_shown: bool) -> None:
    made = schema_of(node(parameter("size", "number", default=0), parameter("mast", displayOptions=show(size=asked))))

    assert ("mast" in fields(made, size=value)) is is_shown


def test_a_hidden_field_is_shown_for_all_other_values() -> None:
    made = schema_of(
        node(choice("kind", "sail", "motor"), parameter("wind", displayOptions={"hide": {"kind": ["motor"]}}))
    )

    assert "wind" in fields(made, kind="sail")
    assert "wind" not in fields(made, kind="motor")


def test_an_optional_group_starts_empty_although_n8n_names_defaults() -> None:
    extra = parameter(
        "extra",
        "collection",
        options=[parameter("colour", default="blue"), parameter("isNew", "boolean", default=True)],
    )

    made = schema_of(node(choice("operation", "create"), extra))

    assert schemas.defaults(made, {}) == {"operation": "create"}
    assert schemas.validate(made, {"operation": "create", "extra": {"isNew": False}}) == []


def test_a_list_of_groups_asks_for_each_of_its_fields() -> None:
    tags = parameter(
        "tags",
        "fixedCollection",
        typeOptions={"multipleValues": True},
        options=[{"name": "tag", "displayName": "Tag", "values": [parameter("key"), parameter("value")]}],
    )

    made = schema_of(node(tags))

    assert made["properties"]["tags"]["type"] == "array"
    assert schemas.validate(made, {"tags": [{"key": "a", "value": "b"}]}) == []
    assert schemas.validate(made, {"tags": [{"keyy": "a"}]})[0].code == "unknown"


def test_options_keep_numbers_and_booleans_apart_from_texts() -> None:
    made = schema_of(node(choice("priority", 1, 2), choice("open", True, False)))

    assert schemas.validate(made, {"priority": 2, "open": False}) == []
    assert schemas.validate(made, {"priority": "2"})[0].pointer == "/priority"


def test_choices_that_n8n_loads_are_typed_or_loaded() -> None:
    told = {"loadOptionsMethod": "getPiers", "loadOptionsDependsOn": ["harbour"]}

    made = schema_of(node(parameter("pier", "options", typeOptions=told)))["properties"]["pier"]

    assert made["type"] == "string"
    assert made["x-options"] == {
        "method": "getPiers",
        "kind": "options",
        "path": "parameters.pier",
        "depends_on": ["harbour"],
    }


def test_operations_that_wait_for_a_person_and_those_of_the_editor_are_left_out() -> None:
    found = configs.operations(node(choice("operation", "send", "sendAndWait", "__CUSTOM_API_CALL__")))

    assert [one.name for one in found] == ["send"]


def test_an_operation_says_what_of_it_has_no_form() -> None:
    made = configs.operations(
        node(
            choice("operation", "send", "upload"),
            parameter("binaryPropertyName", displayOptions=show(operation="upload")),
            parameter("odd", "somethingNew", displayOptions=show(operation="send")),
        )
    )

    assert [one.gaps for one in made] == [
        ("Odd: somethingNew has no form",),
        ("Binarypropertyname: files are not offered",),
    ]


def test_html_and_every_alphabet_become_plain_text() -> None:
    said = "Der <b>Hafen</b> &amp; 港 <script>alert(1)</script>\x00"

    made = schema_of(node(parameter("nameКирилл", displayName="<i>名前</i>", description=said)))

    assert made["properties"]["nameКирилл"]["title"] == "名前"
    assert made["properties"]["nameКирилл"]["description"] == "Der Hafen & 港 alert(1)"


def test_the_default_version_of_a_node_counts() -> None:
    old, new = described(version=1, defaultVersion=2), described(version=[2, 3], defaultVersion=2)

    found = descriptions.current([new, old])["n8n-nodes-base.harbour"]

    assert found.description is new
    assert found.version == 2


def test_plumbing_and_triggers_are_no_services() -> None:
    assert node().is_service
    assert not node(credentials=[], codex={"categories": ["Core Nodes"]}).is_service
    assert not node(group=["trigger"]).is_service
    assert not node(outputs=["ai_tool"]).is_service


def test_descriptions_are_read_one_by_one() -> None:
    text = json.dumps([{"a": "[]"}, {"b": "},{"}], indent=1)

    assert list(descriptions.each(text)) == [{"a": "[]"}, {"b": "},{"}]


def test_a_hidden_parameter_decides_as_the_constant_it_is() -> None:
    made = schema_of(
        node(
            parameter("resource", "hidden", default="boat"),
            choice("operation", "create", displayOptions=show(resource="boat")),
            choice("operation", "dig", displayOptions=show(resource="garden")),
        )
    )

    assert [option["const"] for option in made["properties"]["operation"]["oneOf"]] == ["create"]


def test_what_resource_and_operation_depend_on_is_chosen_before_them() -> None:
    made = schema_of(
        node(
            choice("resource", "boat", displayOptions=show(source="old")),
            choice("resource", "berth", displayOptions=show(source="new")),
            choice("operation", "list"),
            choice("source", "old", "new"),
        )
    )

    assert fields(made, source="new") == ["source", "resource", "operation"]
    assert schemas.validate(made, {"source": "new", "resource": "berth", "operation": "list"}) == []
    assert schemas.validate(made, {"source": "new", "resource": "boat", "operation": "list"}) != []


def test_a_file_that_is_one_way_of_several_leaves_the_operation_complete() -> None:
    made = configs.operations(
        node(
            choice("operation", "send"),
            parameter("isFile", "boolean", default=False),
            parameter("binaryPropertyName", displayOptions=show(isFile=True)),
        )
    )

    assert made[0].gaps == ()
