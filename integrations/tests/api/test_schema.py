from pathlib import Path

import yaml
from django.core.management import call_command


def test_the_schema_of_the_api_is_valid_and_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))

    schema = yaml.safe_load((tmp_path / "schema.yml").read_text())

    assert schema["openapi"] == "3.1.0"
    assert {"get", "put", "patch", "delete"} <= schema["paths"]["/api/v1/integrations/{id}"].keys()
    assert not [path for path in schema["paths"] if path.endswith(("/run/", "{id}/"))]
