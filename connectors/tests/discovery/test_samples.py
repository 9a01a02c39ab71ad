from __future__ import annotations

from connectors.discovery import configs, samples
from connectors.tests.discovery.nodes import choice, node, parameter, show


def test_a_sample_gives_what_the_form_demands_and_no_more() -> None:
    found = node(
        choice("operation", "create", "list"),
        parameter("name", required=True, displayOptions=show(operation="create")),
        parameter("note", displayOptions=show(operation="create")),
        parameter(
            "pier",
            "resourceLocator",
            required=True,
            modes=[
                {
                    "name": "id",
                    "type": "string",
                    "validation": [{"type": "regex", "properties": {"regex": "~[0-9]+", "errorMessage": "No pier"}}],
                }
            ],
        ),
    )
    schema = configs.schema(found, configs.operations(found))

    made = samples.smallest(schema, {"operation": "create"})

    assert made == {"operation": "create", "name": "sample", "pier": "~123"}
    assert samples.is_complete(schema, made)
