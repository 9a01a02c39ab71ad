"""A node as an entry of the catalogue: its name, what it can do, its schemas, and what of it is not offered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.discovery import configs, signing, texts
from connectors.discovery.configs import Operation
from connectors.discovery.descriptions import Node
from connectors.discovery.signing import Type
from connectors.schemas.shape import rebuild
from connectors.schemas.values import Json

PREFIX = "n8n_"
ROWS, COLUMNS = "hub_rows", "hub_columns"
"""Fields of the hub's own beside the node's: a dataset, and which fields are its columns."""
_BASE = "n8n-nodes-base"
_TOLD = frozenset(
    {"title", "description", "x-order", "x-placeholder", "x-advanced", "x-options", "default", "examples"}
)
"""What a schema tells people; the building of a call does not ask for it."""
_SUMMARY, _NAME, _DOCS = 300, 200, 500


@dataclass(frozen=True, slots=True)
class Draft:
    """What the catalogue is given of one node."""

    slug: str
    name: str
    summary: str
    description: str
    readme: str
    categories: tuple[str, ...]
    docs_url: str
    schema: Json
    template: Json
    sign_in: signing.SignIn
    icon: str
    operations: tuple[Operation, ...]
    credentials: tuple[Json, ...] = ()
    """What n8n says of when which of them is meant."""

    @property
    def base_version(self) -> str:
        """The first two numbers of the connector's version are those of the node."""
        major, _, minor = str(self.template["node"]["version"]).partition(".")
        return f"{int(major)}.{int(minor or 0)}"


def draft(node: Node, types: Mapping[str, Type], *, with_waiting: bool = False) -> Draft | None:
    """None for a node that has nothing to offer."""
    made = configs.operations(node, with_waiting=with_waiting)
    if not made:
        return None
    config = configs.schema(node, made)
    sign_in = signing.sign_in(node, types)
    title = texts.plain(node.title, _NAME)
    return Draft(
        slug=slug_of(node.type),
        name=title,
        summary=texts.plain(node.description.get("description"), _SUMMARY) or title,
        description=_description(node, made),
        readme=_readme(made),
        categories=tuple(dict.fromkeys(filter(None, map(_category, node.categories)))),
        docs_url=_docs(node),
        schema={"credential": sign_in.schema, "config": with_rows(config)},
        template={
            "node": {"type": node.type, "version": _number(node.version), "title": title or node.short},
            "fields": bare(config),
        },
        sign_in=sign_in,
        icon=_icon(node.description.get("iconUrl")),
        operations=tuple(made),
        credentials=tuple(node.credentials),
    )


def slug_of(kind: str) -> str:
    """n8n-nodes-base.googleSheets -> n8n_google_sheets; a package of its own is part of the slug."""
    package, _, short = kind.rpartition(".")
    words = (
        texts.words(short) if package == _BASE else [*re.findall(r"[a-z0-9]+", package.casefold()), *texts.words(short)]
    )
    ascii_words = [found for word in words if (found := re.sub(r"[^a-z0-9]", "", word))]
    return (PREFIX + "_".join(ascii_words))[:100].rstrip("_")


def with_rows(config: Json) -> Json:
    """The configuration, and besides that the operation may be done for each row of a dataset."""
    rows: Json = {
        "type": "string",
        "format": "dataset",
        "title": "Once for each row of",
        "description": "Does the operation for every row. In texts, {{row.name}} stands for the column of that name. "
        "What each row brought becomes the dataset; rows that were refused become a second one.",
        "x-advanced": True,
        "x-order": 10_000,
    }
    columns: Json = {
        "type": "object",
        "title": "Fields that are columns",
        "description": "By the field's name, the column that it takes its value from; for numbers and the like.",
        "additionalProperties": {"type": "string", "minLength": 1, "title": "Column"},
        "x-advanced": True,
        "x-order": 10_001,
    }
    return {**config, "properties": {**config.get("properties", {}), ROWS: rows, COLUMNS: columns}}


def bare(schema: Json) -> Json:
    """The schema as the building of a call reads it, without its words for people."""
    kept = {key: value for key, value in schema.items() if key not in _TOLD}
    return rebuild(kept, bare)


def _description(node: Node, made: list[Operation]) -> str:
    said = texts.plain(node.description.get("description"), 2000)
    actions = list(dict.fromkeys(texts.plain(one.title, 120) for one in made if one.title))
    aliases = [texts.plain(alias, 60) for alias in node.codex.get("alias") or () if isinstance(alias, str)]
    parts = [said]
    if actions:
        parts.append("It can: " + "; ".join(actions) + ".")
    if aliases:
        parts.append("Also found as: " + ", ".join(aliases) + ".")
    return "\n\n".join(filter(None, parts))


def _readme(made: list[Operation]) -> str:
    """Which operations are not complete, and why."""
    lines = [f"- {_named(one)}: {'; '.join(one.gaps)}" for one in made if one.gaps]
    return "\n".join(["Some operations are not offered in full:", "", *lines]) if lines else ""


def _named(one: Operation) -> str:
    return f"{texts.plain(one.title)} ({one.name})" if one.name else texts.plain(one.title) or "All of it"


def _category(name: str) -> str:
    found = "-".join(re.findall(r"[a-z0-9]+", name.casefold()))
    return found if re.match("[a-z]", found) else ""


def _docs(node: Node) -> str:
    listed = (node.codex.get("resources") or {}).get("primaryDocumentation") or []
    urls = [one.get("url") for one in listed if isinstance(one, dict)]
    return next((url for url in urls if isinstance(url, str) and url.startswith("https://") and len(url) <= _DOCS), "")


def _icon(told: Any) -> str:
    path = told.get("light") if isinstance(told, dict) else told
    return (
        path if isinstance(path, str) and re.fullmatch(r"icons/[\w@./-]+\.(svg|png)", path) and ".." not in path else ""
    )


def _number(version: float) -> float | int:
    return int(version) if version == int(version) else version


def drafts(
    nodes: Mapping[str, Node], types: Mapping[str, Type], refused: frozenset[str]
) -> Iterator[tuple[int, Draft]]:
    """The drafts of all services with their place in the count; `refused` are short names that are left out."""
    wanted = [node for node in nodes.values() if node.is_service and node.short not in refused]
    for place, node in enumerate(sorted(wanted, key=lambda node: node.type), start=1):
        if made := draft(node, types):
            yield place, made
