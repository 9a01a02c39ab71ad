"""Descriptions as n8n writes them, of services that do not exist."""

from __future__ import annotations

from typing import Any

from connectors.discovery.descriptions import Node

Json = dict[str, Any]


def parameter(name: str, kind: str = "string", **more: Any) -> Json:
    return {"displayName": name.title(), "name": name, "type": kind, "default": "", **more}


def choice(name: str, *values: Any, **more: Any) -> Json:
    options = [{"name": str(value).title(), "value": value, "action": f"{value} a thing"} for value in values]
    return parameter(name, "options", options=options, default=values[0] if values else "", **more)


def show(**values: Any) -> Json:
    return {"show": {name: value if isinstance(value, list) else [value] for name, value in values.items()}}


def described(*properties: Json, **more: Any) -> Json:
    return {
        "name": "n8n-nodes-base.harbour",
        "displayName": "Harbour",
        "description": "Boats and their berths",
        "group": ["transform"],
        "version": [1, 2],
        "defaultVersion": 2,
        "inputs": ["main"],
        "outputs": ["main"],
        "properties": list(properties),
        "credentials": [{"name": "harbourApi", "required": True}],
        "codex": {"categories": ["Data & Storage"], "alias": ["Marina"]},
        **more,
    }


def node(*properties: Json, **more: Any) -> Node:
    return Node(described(*properties, **more))


HARBOUR_API: Json = {
    "name": "harbourApi",
    "displayName": "Harbour API",
    "properties": [
        parameter("url", default="https://harbour.example", required=True),
        parameter("token", typeOptions={"password": True}, required=True),
        parameter("secretKind", "hidden", default="token"),
        parameter("pier", displayOptions=show(secretKind="token")),
        parameter("tide", displayOptions=show(secretKind="other")),
    ],
}
