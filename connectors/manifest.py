"""What a connector says about itself: connector.json with its files, checked once and frozen. Knows no Django."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors import maps, oauth2, schemas, svg
from connectors.schemas import FieldError

Json = dict[str, Any]

CONNECTOR, WORKFLOW, LOGO, README = "connector.json", "workflow.json", "logo.svg", "README.md"
TRIGGER = "Hub"
_SLUG = "^[a-z][a-z0-9]*([_-][a-z0-9]+)*$"
_SEMVER = r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$"
_TEXTS: Json = {"type": "array", "items": {"type": "string", "minLength": 1}, "default": []}
_SOURCE: Json = {"type": ["string", "object"], "additionalProperties": True}
AUTH_KINDS = {
    "header": {"name", "value"},
    "query": {"name", "value"},
    "basic": {"username", "password"},
    "bearer": {"token"},
}
"""How a test may say who it is, and what each way takes."""

SCHEMA: Json = {
    "type": "object",
    "required": ["slug", "name", "summary", "type", "version", "schema"],
    "properties": {
        "slug": {
            "type": "string",
            "maxLength": 100,
            "pattern": _SLUG,
            "x-pattern-message": "Use small letters, digits and single _ or - between them, such as rest_api.",
        },
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "summary": {"type": "string", "minLength": 1, "maxLength": 300},
        "description": {"type": "string", "default": ""},
        "categories": {
            "type": "array",
            "uniqueItems": True,
            "default": [],
            "items": {
                "type": "string",
                "pattern": _SLUG,
                "x-pattern-message": "Use small letters and digits, such as crm or data-quality.",
            },
        },
        "type": {
            "type": "string",
            "maxLength": 16,
            "pattern": "^[a-z][a-z0-9_]*$",
            "x-pattern-message": "Name an engine of the hub, such as n8n or spark.",
        },
        "version": {
            "type": "string",
            "maxLength": 32,
            "pattern": _SEMVER,
            "x-pattern-message": "Use three numbers, such as 1.0.0 (semver.org).",
        },
        "schema": {"type": "object"},
        "docs_url": {
            "type": "string",
            "maxLength": 500,
            "pattern": "^(https?://.+)?$",
            "x-pattern-message": "Give a full address, such as https://example.com/docs, or nothing.",
            "default": "",
        },
        "n8n": {
            "type": "object",
            "properties": {"credential": {"type": "object", "default": {}}},
        },
        "oauth2": {"type": "object", "additionalProperties": True},
        "test": {
            "type": "object",
            "required": ["url"],
            "properties": {
                **dict.fromkeys(("url", "path", "method", "body", "query", "headers"), _SOURCE),
                "auth": {"type": "object"},
                "expects": {"type": "object", "properties": {"json": {"type": "boolean"}}},
            },
        },
        "spark": {
            "type": "object",
            "required": ["entry"],
            "properties": {
                "kind": {"enum": ["python", "jar", "sql"], "default": "python"},
                "entry": {"type": "string", "minLength": 1, "maxLength": 900},
                "main_class": {"type": "string", "maxLength": 300, "default": ""},
                "py_files": _TEXTS,
                "packages": _TEXTS,
                "conf": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
            },
        },
    },
    "allOf": [
        {"if": {"required": ["type"], "properties": {"type": {"const": "spark"}}}, "then": {"required": ["spark"]}},
    ],
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one file of a folder. `pointer` leads to the place in a JSON file."""

    file: str
    pointer: str
    detail: str

    def __str__(self) -> str:
        return f"{self.file}{' at ' + self.pointer if self.pointer else ''}: {self.detail}"


class Broken(Exception):
    """A folder is no connector; says everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class SparkPart:
    """How Spark runs the connector. Files are relative to its folder, or URIs."""

    kind: str
    entry: str
    main_class: str
    py_files: tuple[str, ...]
    packages: tuple[str, ...]
    conf: dict[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        """The files that must be in the folder."""
        return tuple(file for file in (self.entry, *self.py_files) if "://" not in file)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One connector, valid as far as its own folder can tell."""

    slug: str
    name: str
    summary: str
    description: str
    categories: tuple[str, ...]
    type: str
    version: str
    schema: Json
    docs_url: str = ""
    readme: str = ""
    logo: str = ""
    template: Json = field(default_factory=dict)
    n8n_credentials: Json = field(default_factory=dict)
    oauth2: Json = field(default_factory=dict)
    test: Json = field(default_factory=dict)
    spark: SparkPart | None = None


def build(data: object, *, folder: str, template: object = None, logo: str = "", readme: str = "") -> Manifest:
    """The manifest of a folder from the contents of its files. Raises `Broken`, which names every file and field."""
    found = [*_connector(data, folder), *(Problem(LOGO, "", text) for text in (svg.problems(logo) if logo else ()))]
    if found or not isinstance(data, dict):
        raise Broken(found)
    if found := list(_template(data["type"], template)):
        raise Broken(found)
    filled = schemas.defaults(SCHEMA, data)
    return Manifest(
        slug=filled["slug"],
        name=filled["name"],
        summary=filled["summary"],
        description=filled["description"],
        categories=tuple(filled["categories"]),
        type=filled["type"],
        version=filled["version"],
        schema=schemas.split(filled["schema"]),
        docs_url=filled["docs_url"],
        readme=readme,
        logo=logo,
        template=template if isinstance(template, dict) else {},
        n8n_credentials=filled.get("n8n", {}).get("credential", {}),
        oauth2=filled.get("oauth2", {}),
        test=filled.get("test", {}),
        spark=_spark(filled["spark"]) if filled["type"] == "spark" else None,
    )


def _connector(data: object, folder: str) -> Iterator[Problem]:
    if not isinstance(data, dict):
        yield Problem(CONNECTOR, "", "It must hold one JSON object.")
        return
    yield from (_problem(error) for error in schemas.validate(SCHEMA, data))
    if isinstance(data.get("slug"), str) and data["slug"] != folder:
        yield Problem(CONNECTOR, "/slug", f"It must be the folder's name, {folder}.")
    if isinstance(data.get("schema"), dict):
        yield from schema_problems(data["schema"])
        if isinstance(data.get("oauth2"), dict):
            credential = schemas.split(data["schema"])["credential"]
            yield from (_problem(error, "/oauth2") for error in oauth2.problems(data["oauth2"], credential))
    if isinstance(data.get("test"), dict):
        yield from _test(data["test"])


def schema_problems(schema: Json) -> Iterator[Problem]:
    """What is wrong with the schema of a connector, wherever it comes from; pointers begin with /schema."""
    errors = schemas.check(schema)
    yield from (_problem(error, "/schema") for error in errors)
    if not errors:
        for path, part in schemas.fields(schemas.split(schema)["config"]):
            if schemas.is_secret(part):
                where = schemas.below("/schema/config", *path)
                yield Problem(CONNECTOR, where, "A secret belongs in the credential's schema: move it there.")


def _test(test: Json) -> Iterator[Problem]:
    parts = {name: part for name, part in test.items() if name != "expects"}
    if any(not pointer.startswith(("/credential/", "/config/")) for pointer in maps.pointers(parts)):
        yield Problem(CONNECTOR, "/test", "A pointer leads to /credential/... or to /config/...: name a field of one.")
    for kind, sources in _auth_choices(test.get("auth") or {}):
        needed = AUTH_KINDS.get(kind)
        if needed is None or not isinstance(sources, dict) or not set(sources) <= needed:
            known = "; ".join(f"{name}: {', '.join(sorted(takes))}" for name, takes in AUTH_KINDS.items())
            yield Problem(CONNECTOR, "/test/auth", f"There is no such way to authenticate. Known are {known}.")


def _auth_choices(mapping: Json) -> Iterator[tuple[str, object]]:
    if "by" not in mapping:
        yield from mapping.items()
        return
    for choice in mapping.get("cases", {}).values():
        yield from _auth_choices(choice)


def _template(kind: str, template: object) -> Iterator[Problem]:
    if kind != "n8n":
        return
    if template is None:
        yield Problem(WORKFLOW, "", "It is missing: export the workflow from n8n into this file.")
        return
    nodes = template.get("nodes") if isinstance(template, dict) else None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        yield Problem(WORKFLOW, "/nodes", "It must be a list of n8n's nodes: export the workflow from n8n again.")
    elif [node.get("name") for node in nodes].count(TRIGGER) != 1:
        yield Problem(WORKFLOW, "/nodes", f"Exactly one node must be named {TRIGGER}: the trigger that starts a run.")


def _spark(part: Json) -> SparkPart:
    return SparkPart(
        kind=part["kind"],
        entry=part["entry"],
        main_class=part["main_class"],
        py_files=tuple(part["py_files"]),
        packages=tuple(part["packages"]),
        conf=part["conf"],
    )


def _problem(error: FieldError, prefix: str = "") -> Problem:
    return Problem(CONNECTOR, prefix + error.pointer, error.detail)
