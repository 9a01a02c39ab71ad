from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from connectors import schemas
from connectors.discovery import rows, signing, workflows
from connectors.discovery.rows import Report
from connectors.discovery.workflows import Unfit
from connectors.models import Connector
from connectors.tests.discovery.nodes import HARBOUR_API

Json = dict[str, Any]


def built(kind: str, name: str = "Start", credentials: Json | None = None, **parameters: Any) -> Json:
    node = {"id": name, "name": name, "type": f"n8n-nodes-base.{kind}", "typeVersion": 1, "position": [0, 0]}
    return {**node, "parameters": parameters, **({"credentials": credentials} if credentials else {})}


def workflow(*nodes: Json, name: str = "Morning boats") -> Json:
    names = [node["name"] for node in nodes]
    links = {one: {"main": [[{"node": two, "type": "main", "index": 0}]]} for one, two in pairwise(names)}
    return {"id": "aB3", "name": name, "nodes": list(nodes), "connections": links, "settings": {}}


def drafted(*nodes: Json) -> workflows.WorkflowDraft:
    made = workflows.draft(workflow(*nodes), signing.types([HARBOUR_API]))
    assert schemas.check(made.schema) == []
    return made


TYPED = {"values": [{"name": "pier", "type": "number"}, {"name": "note", "type": "string"}]}


def test_typed_inputs_become_the_form_and_notes_the_description() -> None:
    made = drafted(
        built("executeWorkflowTrigger", workflowInputs=TYPED), built("stickyNote", "Note", content="# Boats")
    )

    assert made.schema["config"]["properties"]["pier"]["type"] == "number"
    assert list(made.schema["config"]["properties"]) == ["pier", "note"]
    assert made.description == "# Boats"


def test_an_example_a_form_and_the_fields_that_are_read_become_the_form_too() -> None:
    example = drafted(built("executeWorkflowTrigger", inputSource="jsonExample", jsonExample='{"a": 1, "b": true}'))
    form = drafted(
        built(
            "formTrigger",
            formFields={
                "values": [
                    {"fieldLabel": "Pier", "requiredField": True},
                    {"fieldLabel": "Kind", "fieldType": "dropdown", "fieldOptions": {"values": [{"option": "sail"}]}},
                ]
            },
        )
    )
    hook = drafted(
        built("webhook"), built("set", "Use", value='={{ $json.body.pier + $("Start").item.json.body["b c"] }}')
    )

    assert [part["type"] for part in example.schema["config"]["properties"].values()] == ["number", "boolean"]
    assert form.schema["config"]["required"] == ["Pier"]
    assert form.schema["config"]["properties"]["Kind"]["oneOf"] == [{"const": "sail", "title": "sail"}]
    assert list(hook.schema["config"]["properties"]) == ["pier", "b c"]


def test_the_hubs_trigger_comes_first_and_credentials_are_the_integrations() -> None:
    own = {"harbourApi": {"id": "1", "name": "Mine"}}

    made = drafted(built("executeWorkflowTrigger"), built("harbour", "Ask", own))

    names = {node["name"]: node for node in made.template["nodes"]}
    assert list(names) == ["Hub", "Start", "Ask"]
    assert names["Start"]["type"] == "n8n-nodes-base.set"
    assert names["Ask"]["credentials"] == {"hub": {}}
    assert made.template["connections"]["Hub"]["main"][0][0]["node"] == "Start"
    assert made.sign_in.map["type"] == "harbourApi"


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([built("scheduleTrigger")], "Nothing in it can be started"),
        ([built("webhook"), built("webhook", "Other")], "2 triggers"),
        ([built("webhook"), built("respondToWebhook", "Answer")], "Respond to Webhook"),
        ([built("webhook"), built("a", "A", {"x": {}}), built("b", "B", {"y": {}})], "2 kinds of credentials"),
        ([built("formTrigger", formFields={"values": [{"fieldLabel": "F", "fieldType": "file"}]})], "file"),
    ],
)
def test_an_unfit_workflow_says_why(nodes: list[Json], reason: str) -> None:
    with pytest.raises(Unfit, match=reason):
        drafted(*nodes)


def test_a_malicious_name_is_a_text() -> None:
    made = workflows.draft(workflow(built("manualTrigger"), name="<script>alert(1)</script>\x00{{ 1 }}"), {})

    assert made.name == "alert(1) {{ 1 }}"


def test_what_a_hub_made_is_its_own() -> None:
    assert workflows.is_ours({"name": "GitHub · Ann [hub 78a13dabba2d8d4d]"})
    assert not workflows.is_ours({"name": "Morning boats"})


@pytest.mark.django_db
def test_a_changed_workflow_is_another_version_and_keeps_what_an_administrator_wrote() -> None:
    rows.put_workflow(drafted(built("executeWorkflowTrigger", workflowInputs=TYPED)), Report())
    row = Connector.objects.get(source="workflow")
    assert (row.status, row.version, row.n8n_workflow_id) == ("draft", "1.0.0", "aB3")
    Connector.objects.filter(pk=row.pk).update(status="published", name="Boats")

    rows.put_workflow(drafted(built("executeWorkflowTrigger"), built("set", "More")), Report())

    row.refresh_from_db()
    assert (row.status, row.version, row.name) == ("published", "1.0.1", "Boats")
    assert "pier" in row.config_schema["properties"]


@pytest.mark.django_db
def test_a_workflow_that_is_gone_is_hidden_and_comes_back_as_a_draft() -> None:
    made = drafted(built("manualTrigger"))
    rows.put_workflow(made, Report())
    Connector.objects.update(status="published")

    rows.hide_missing(set(), Report(), Connector.Source.WORKFLOW)
    assert Connector.objects.get().status == "hidden"
    rows.put_workflow(made, Report())
    assert Connector.objects.get().status == "draft"
