"""A connector's schema as somebody types it: the text, what it means, and what is wrong at which line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from connectors import schemas
from connectors.manifest import Problem, schema_problems
from connectors.schemas.lines import LineError, Lines, lines
from connectors.schemas.values import Json

MOST_CHARACTERS = 500_000


@dataclass(frozen=True, slots=True)
class Draft:
    """`schema` is {"credential", "config"}; it may be used when there are no errors."""

    schema: Json = field(default_factory=dict)
    errors: tuple[LineError, ...] = ()


def read(text: str) -> Draft:
    """Understand the text of a schema, or say line by line why not. An empty text is a connector without fields."""
    if len(text) > MOST_CHARACTERS:
        return _wrong(1, f"The schema has more than {MOST_CHARACTERS:,} characters.")
    try:
        found = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        return _wrong(error.lineno, f"It is not JSON: {error.msg} (column {error.colno}).")
    except (RecursionError, ValueError):
        return _wrong(1, "It is nested too deeply, or holds a number that is too long.")
    if not isinstance(found, dict):
        return _wrong(1, "A schema is a JSON object: { ... }.")
    where = lines(text)
    errors = where.errors or [_at_line(problem, where) for problem in schema_problems(found)]
    if errors:
        return Draft(errors=tuple(sorted(errors, key=lambda error: error.line)))
    return Draft(schemas.split(found))


def written(schema: Json) -> str:
    """The text that is edited."""
    return json.dumps(schema, indent=2, ensure_ascii=False)


def _wrong(line: int, detail: str) -> Draft:
    return Draft(errors=(LineError(line, "", detail),))


def _at_line(problem: Problem, where: Lines) -> LineError:
    pointer = problem.pointer.removeprefix("/schema")
    if pointer not in where.at:
        pointer = _declaration(pointer)
    return LineError(where.of(pointer), pointer, problem.detail)


def _declaration(pointer: str) -> str:
    """Where a field, named by its place in the document, is declared: /config/a/b is below properties twice."""
    _, part, *names = pointer.split("/") if pointer else ("", "")
    steps = ["items" if name == "*" else f"properties/{name}" for name in names]
    return "/".join(["", part, *steps]) if part in ("credential", "config") else pointer
