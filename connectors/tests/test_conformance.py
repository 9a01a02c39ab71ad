from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from connectors import catalog, conformance, folders

BUILTIN = folders.find(catalog.BUILTIN)
TRIGGER = {"name": "Hub", "type": "n8n-nodes-base.manualTrigger"}
FETCH = {"name": "Fetch", "type": "n8n-nodes-base.httpRequest", "credentials": {"hub": {}}}


@pytest.mark.parametrize("check", conformance.CHECKS)
@pytest.mark.parametrize("folder", BUILTIN, ids=lambda folder: folder.name)
def test_a_built_in_connector_keeps_what_all_keep(folder, check):
    found = conformance.CHECKS[check](folder, folders.read(folder))
    assert [str(problem) for problem in found] == []


def test_a_folder_that_is_well_has_no_problems(write):
    assert conformance.problems(write()) == []


def config(**field):
    return {"config": {"properties": {"a": {"title": "A", "description": "What it is.", **field}}}}


@pytest.mark.parametrize(
    ("changes", "file", "words"),
    [
        ({"files": {"logo.svg": None}}, "logo.svg", "missing"),
        ({"files": {"README.md": None}}, "README.md", "heading"),
        ({"files": {"README.md": "# Numbers\n"}}, "README.md", "too short"),
        ({"files": {"job.py": "def ("}}, "job.py", "no Python"),
        ({"categories": []}, "connector.json", "at least one"),
        ({"description": ""}, "connector.json", "what the connector does"),
        ({"schema": config(title="")}, "connector.json", "no title"),
        ({"schema": config(description="")}, "connector.json", "no description"),
        ({"schema": config(type="integer", default="x")}, "connector.json", "default is not valid"),
        ({"schema": config(type="integer", examples=["x"])}, "connector.json", "example is not valid"),
        ({"schema": config(oneOf=[{"const": 1}])}, "connector.json", "no title"),
        ({"version": "x"}, "connector.json", "three numbers"),
    ],
)
def test_what_a_folder_lacks_is_said(write, changes, file, words):
    (problem,) = conformance.problems(write(**changes))
    assert problem.file == file and words in problem.detail


def n8n(write, nodes=(TRIGGER, FETCH), connections=None, **workflow):
    body = {"nodes": list(nodes), "connections": connections or {"Hub": {"main": []}}, **workflow}
    secret = {"title": "Key", "description": "The key.", "writeOnly": True}
    schema = {"credential": {"properties": {"key": secret}}, "config": {}}
    part = {"credential": {"type": "httpHeaderAuth"}}
    return write(files={"workflow.json": json.dumps(body)}, type="n8n", spark=None, schema=schema, n8n=part)


def test_a_workflow_that_is_well_has_no_problems(write):
    assert conformance.problems(n8n(write)) == []


@pytest.mark.parametrize(
    ("workflow", "pointer"),
    [
        ({"nodes": [{**TRIGGER, "type": "n8n-nodes-base.set"}]}, "/nodes/0"),
        ({"nodes": [TRIGGER, {"name": "Tick", "type": "n8n-nodes-base.scheduleTrigger"}]}, "/nodes/1"),
        ({"connections": {"Fetch": {}}}, "/connections"),
        ({"pinData": {"Hub": [{"json": {}}]}}, "/pinData"),
        (
            {"nodes": [TRIGGER, {**FETCH, "credentials": {"httpHeaderAuth": {"id": "1"}}}]},
            "/nodes/1/credentials/httpHeaderAuth",
        ),
        ({"nodes": [TRIGGER, {**FETCH, "parameters": {"h": "Bearer abcdefghij0123456789"}}]}, "/nodes/1/parameters/h"),
    ],
)
def test_a_workflow_that_may_not_join_says_where(write, workflow, pointer):
    (problem,) = conformance.problems(n8n(write, **workflow))
    assert (problem.file, problem.pointer) == ("workflow.json", pointer)


def test_an_expression_that_takes_a_secret_is_no_secret(write):
    node = {**FETCH, "parameters": {"h": "=Bearer {{ $('Hub').first().json.body.config.token }}"}}
    assert conformance.problems(n8n(write, nodes=[TRIGGER, node])) == []


def test_authors_check_their_folder_with_one_command(write):
    out, err = StringIO(), StringIO()
    call_command("check_connector", str(write()), stdout=out, stderr=err)
    assert out.getvalue().startswith("numbers is well")
    with pytest.raises(CommandError):
        call_command("check_connector", str(write(categories=[])), stdout=out, stderr=err)
    assert "numbers/connector.json at /categories" in err.getvalue()
    with pytest.raises(CommandError):
        call_command("check_connector", "/nowhere", stdout=out, stderr=err)
