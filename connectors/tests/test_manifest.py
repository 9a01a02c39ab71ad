from __future__ import annotations

import json

import pytest

from connectors import folders, svg
from connectors.manifest import Broken
from connectors.tests.conftest import DRAWING

WORKFLOW = {"nodes": [{"name": "Hub", "type": "n8n-nodes-base.manualTrigger"}], "connections": {"Hub": {}}}


def problems(folder):
    with pytest.raises(Broken) as caught:
        folders.read(folder)
    return [(problem.file, problem.pointer) for problem in caught.value.problems]


def test_a_folder_becomes_a_frozen_manifest(write):
    manifest = folders.read(write())
    assert (manifest.slug, manifest.version, manifest.categories) == ("numbers", "1.0.0", ("spark", "generator"))
    assert manifest.spark.files == ("job.py",)
    with pytest.raises(AttributeError):
        manifest.name = "Other"


def test_a_plain_schema_is_taken_apart(write):
    schema = {"type": "object", "properties": {"key": {"type": "string", "writeOnly": True}, "rows": {}}}
    manifest = folders.read(write(schema=schema))
    assert list(manifest.schema["credential"]["properties"]) == ["key"]
    assert list(manifest.schema["config"]["properties"]) == ["rows"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": None}, "/name"),
        ({"version": "1.0"}, "/version"),
        ({"type": "Air flow"}, "/type"),
        ({"categories": ["Not a word"]}, "/categories/0"),
        ({"colour": "red"}, "/colour"),
        ({"spark": None}, "/spark"),
        ({"docs_url": "javascript:alert(1)"}, "/docs_url"),
        ({"spark": {"entry": "../job.py"}}, "/spark"),
        ({"test": {}}, "/test/url"),
        ({"test": {"url": "/url"}}, "/test"),
        ({"test": {"url": "/config/url", "auth": {"by": "/auth", "cases": {"a": {}}}}}, "/test"),
        ({"test": {"url": "/config/url", "auth": {"kerberos": {}}}}, "/test/auth"),
        ({"test": {"url": "/config/url", "auth": {"bearer": {"secret": "/credential/a"}}}}, "/test/auth"),
        ({"spark": {"entry": "gone.py"}}, "/spark"),
        ({"spark": {"entry": "job.py", "kind": "sql"}}, "/spark/entry"),
        ({"schema": {"config": {"properties": {"a": {"format": "x"}}}}}, "/schema/config/properties/a/format"),
        ({"schema": {"config": {"properties": {"a": {"writeOnly": True}}}}}, "/schema/config/a"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_field(write, changes, pointer):
    assert problems(write(**changes)) == [("connector.json", pointer)]


def test_the_slug_is_the_name_of_the_folder(write):
    folder = write()
    assert problems(folder.rename(folder.with_name("other"))) == [("connector.json", "/slug")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "It is not JSON"),
        ('{"name": 1, "name": 2}', 'The key "name" is given twice'),
        ("[]", "It must hold one JSON object."),
        (None, "It is missing"),
    ],
)
def test_an_unreadable_manifest_says_why(write, text, message):
    with pytest.raises(Broken, match=message):
        folders.read(write(files={"connector.json": text}))


def test_an_n8n_connector_has_a_workflow_with_one_hub(write):
    n8n = {"type": "n8n", "spark": None}
    assert problems(write(**n8n)) == [("workflow.json", "")]
    assert problems(write(files={"workflow.json": '{"nodes": []}'}, **n8n)) == [("workflow.json", "/nodes")]
    assert problems(write(files={"workflow.json": "[]"}, **n8n)) == [("workflow.json", "/nodes")]
    assert folders.read(write(files={"workflow.json": json.dumps(WORKFLOW)}, **n8n)).template == WORKFLOW


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject/>",
        '<image href="https://example.com/a.png"/>',
        '<rect onload="alert(1)"/>',
        '<use xmlns:x="http://www.w3.org/1999/xlink" x:href="https://example.com#a"/>',
        '<rect fill="url(https://example.com/a)"/>',
        '<rect style="background: url(//example.com)"/>',
        "<style>@import 'https://example.com'</style>",
    ],
)
def test_a_logo_that_runs_or_fetches_something_is_refused(write, inside):
    drawing = DRAWING.replace("</svg>", inside + "</svg>")
    assert set(problems(write(files={"logo.svg": drawing}))) == {("logo.svg", "")}


def test_a_logo_with_entities_is_refused_before_it_is_read():
    assert svg.problems(f'<!DOCTYPE svg [<!ENTITY a "aaaa">]>{DRAWING}')
    assert svg.problems("<svg") and svg.problems("<svg/>") and svg.problems(DRAWING + " " * svg.MAX_BYTES)


def test_initials_are_a_drawing_that_passes_too():
    assert svg.problems(svg.initials("<Rest & API>")) == []
    assert ">RA<" in svg.initials("Rest API")
    assert svg.problems(svg.initials("")) == []
