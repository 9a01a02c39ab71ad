"""Reads what n8n says about its nodes: which there are, which version counts, and which of them are a service."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.schemas.values import Json

LATER = "__CUSTOM_API_CALL__"
"""An operation that exists in n8n's editor only."""
SILENT = frozenset({"notice", "callout", "button", "curlImport", "hidden", "credentials"})
"""Kinds of parameters that hold no value, or none of a person."""
REFUSED = frozenset(
    {
        "code", "executeCommand", "ssh", "readWriteFile", "executeWorkflow", "git", "n8n", "function", "functionItem",
        "readBinaryFile", "readBinaryFiles", "writeBinaryFile", "localFileTrigger", "aiTransform", "evaluation",
    }
)  # fmt: skip
"""Nodes that reach into n8n's own machine: off, unless the settings allow them."""
WAITING = frozenset({"sendAndWait", "dispatchAndWait"})
"""Operations that wait for a person, and would hold a run for days."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node in the version that n8n would choose."""

    description: Json

    @property
    def type(self) -> str:
        return str(self.description["name"])

    @property
    def short(self) -> str:
        """The name within its package."""
        return self.type.rpartition(".")[2]

    @property
    def title(self) -> str:
        return str(self.description.get("displayName") or self.short)

    @property
    def version(self) -> float:
        return default_version(self.description)

    @property
    def properties(self) -> list[Json]:
        return [part for part in self.description.get("properties", ()) if isinstance(part, dict)]

    @property
    def credentials(self) -> list[Json]:
        return [part for part in self.description.get("credentials") or () if isinstance(part, dict)]

    @property
    def codex(self) -> Json:
        found = self.description.get("codex")
        return found if isinstance(found, dict) else {}

    @property
    def categories(self) -> list[str]:
        return [str(name) for name in self.codex.get("categories") or ()]

    @property
    def is_trigger(self) -> bool:
        return "trigger" in (self.description.get("group") or ())

    @property
    def is_service(self) -> bool:
        """Whether it talks to something; n8n's own plumbing, as If and Merge, does not."""
        is_plain = self.description.get("outputs") == ["main"] and self.description.get("inputs") == ["main"]
        if self.description.get("hidden") or self.is_trigger or not is_plain:
            return False
        return bool(self.credentials) or "Core Nodes" not in self.categories


def versions(description: Json) -> list[float]:
    found = description.get("version", 1)
    return [float(one) for one in (found if isinstance(found, list) else [found])]


def default_version(description: Json) -> float:
    return float(description.get("defaultVersion") or max(versions(description)))


def current(descriptions: Iterable[Json]) -> dict[str, Node]:
    """By type, the description of the version that n8n gives a new node: its default, or its newest."""
    found: dict[str, Json] = {}
    for one in descriptions:
        before = found.get(one["name"])
        if before is None or _rank(one) > _rank(before):
            found[one["name"]] = one
    return {name: Node(one) for name, one in found.items()}


def _rank(description: Json) -> tuple[bool, float]:
    known = versions(description)
    return default_version(description) in known, max(known)


def each(text: str) -> Iterator[Any]:
    """The items of a JSON array, one by one: all of n8n's nodes as objects would take ten times their text."""
    decode = json.JSONDecoder().raw_decode
    at = text.index("[") + 1
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text) or text[at] == "]":
            return
        item, at = decode(text, at)
        yield item
