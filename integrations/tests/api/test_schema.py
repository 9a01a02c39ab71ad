from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

SHAPES = {
    "Connector": "id slug name summary description categories type version source status tier logo_url docs_url schema "
    "n8n_workflow_id spark_job_id",
    "Credential": "id connector name fields status verified_at expires_at last_used_at used_by",
    "Integration": "id connector connector_version name config credential enabled schedule on_new_data timeout_seconds "
    "max_attempts health last_run next_run_at dataset created_at updated_at",
    "Run": "id integration state trigger attempt progress rows bytes failure dataset_version queued_at started_at "
    "finished_at",
    "Progress": "done total unit message",
    "Failure": "code origin step message fix retryable detail",
    "Problem": "type title status detail request_id errors",
}
"""What callers build on: more fields may come, none goes or gets another name."""


@pytest.fixture(scope="module")
def schema() -> Any:
    return SchemaGenerator().get_schema(public=True)


def operations(schema: Any) -> Iterator[tuple[str, Any]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_schema_of_the_api_is_valid_and_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))

    schema = yaml.safe_load((tmp_path / "schema.yml").read_text())

    assert schema["openapi"] == "3.1.0"
    assert {"get", "put", "patch", "delete"} <= schema["paths"]["/api/v1/integrations/{id}"].keys()
    assert not [path for path in schema["paths"] if path.endswith(("/run/", "{id}/"))]


def test_every_call_says_what_it_does_and_what_it_answers(schema: Any) -> None:
    for label, operation in operations(schema):
        assert len(operation["summary"]) > 10 and "\n" not in operation["summary"], label
        assert {"400", "401", "403", "404", "429", "500"} <= operation["responses"].keys(), label
        assert all(answer.get("description") or "$ref" in answer for answer in operation["responses"].values()), label


def test_every_problem_is_described_with_an_example(schema: Any) -> None:
    for name, answer in schema["components"]["responses"].items():
        [(media_type, content)] = answer["content"].items()
        assert media_type == "application/problem+json", name
        assert content["example"].keys() == schema["components"]["schemas"]["Problem"]["properties"].keys()


@pytest.mark.parametrize("name", SHAPES)
def test_what_callers_build_on_keeps_its_fields(schema: Any, name: str) -> None:
    assert set(SHAPES[name].split()) <= schema["components"]["schemas"][name]["properties"].keys()


def test_every_field_has_a_type(schema: Any) -> None:
    for name, shape in schema["components"]["schemas"].items():
        for field, described in shape.get("properties", {}).items():
            assert described.keys() & {"type", "$ref", "oneOf", "allOf", "enum"}, f"{name}.{field}"
