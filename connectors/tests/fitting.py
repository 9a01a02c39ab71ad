"""Draws documents that fit a schema somebody else wrote."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from connectors.forms.facts import choices, discriminators, expected, is_nullable, item, say
from connectors.schemas import branches, is_secret
from connectors.schemas.values import Json
from connectors.tests.dialect import FORMATS, anything, texts
from connectors.tests.schemas import hidden


def fitting(schema: Json) -> SearchStrategy[Any]:
    """Values that mostly fit: what a condition asks for is left to the caller to check."""
    found = _fitting(schema)
    return found | st.none() if is_nullable(schema) else found


def _fitting(schema: Json) -> SearchStrategy[Any]:
    if listed := choices(schema):
        return st.sampled_from([value for value, _ in listed])
    named = expected(schema) - {"null"}
    if "object" in named:
        return _objects(schema)
    if "array" in named:
        items = item(schema)
        return st.lists(fitting(items) if items else anything, min_size=say(schema, "minItems", 0), max_size=3)
    if named & {"integer", "number"}:
        return st.integers(say(schema, "minimum"), say(schema, "maximum"))
    if "boolean" in named:
        return st.booleans()
    return _strings(schema)


def _strings(schema: Json) -> SearchStrategy[Any]:
    examples = [text for text in say(schema, "examples", []) if isinstance(text, str)]
    if is_secret(schema) and say(schema, "pattern") is None:
        return hidden
    if say(schema, "pattern") is not None:
        made = st.from_regex(say(schema, "pattern"), fullmatch=True)
        return st.sampled_from(examples) | made if examples else made
    return FORMATS.get(str(say(schema, "format")), st.sampled_from(examples) | texts if examples else texts)


def _objects(schema: Json) -> SearchStrategy[Any]:
    """One strategy for each way in which the choices can fall."""
    found = [_object([schema])]
    for name, options in discriminators(branches(schema)).items():
        found = [_object([schema, option], name) for option in options]
        break
    return st.one_of(found)


def _object(parts: list[Json], chooser: str = "") -> SearchStrategy[Any]:
    properties = {name: field for part in parts for name, field in part.get("properties", {}).items()}
    required = {name for part in parts for name in part.get("required", ())} | ({chooser} - {""})
    fields = {name: fitting(field) for name, field in properties.items()}
    return st.fixed_dictionaries(
        {name: fields[name] for name in fields if name in required},
        optional={name: fields[name] for name in fields if name not in required},
    )
