"""A workflow that somebody built in n8n as a draft of a connector: its inputs become the form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.discovery import signing, texts
from connectors.discovery.signing import SignIn, Type
from connectors.manifest import TRIGGER
from connectors.schemas.values import Json

_BASE = "n8n-nodes-base."
_TRIGGERS = ("executeWorkflowTrigger", "formTrigger", "webhook", "manualTrigger")
_MARK = re.compile(r"\[hub [0-9a-f]{16}\]")
"""In the name of every workflow that a hub made."""
_BODY = re.compile(r"(?:\$json|\.json)\.body(?:\.([A-Za-z_$][\w$]*)|\[[\"']([^\"'\]]{1,100})[\"']\])")
_KINDS: dict[str, Json] = {
    "string": {"type": "string"},
    "text": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean", "default": False},
    "array": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object", "additionalProperties": {"title": "Value"}},
    "any": {"type": "string"},
    "email": {"type": "string", "format": "email"},
    "date": {"type": "string", "format": "date"},
    "textarea": {"type": "string", "format": "textarea"},
}


class Unfit(Exception):
    """Why a workflow cannot be a connector, in words."""


@dataclass(frozen=True, slots=True)
class WorkflowDraft:
    """What the catalogue is given of one workflow."""

    workflow_id: str
    slug: str
    name: str
    summary: str
    description: str
    schema: Json
    template: Json
    sign_in: SignIn = field(default_factory=SignIn)


def is_ours(workflow: Json) -> bool:
    return _MARK.search(str(workflow.get("name"))) is not None


def draft(workflow: Json, types: Mapping[str, Type]) -> WorkflowDraft:
    """Raises `Unfit`."""
    nodes = [node for node in workflow.get("nodes") or () if isinstance(node, dict) and not node.get("disabled")]
    trigger = _trigger(nodes)
    _demand_fit(nodes)
    sign_in = _sign_in(nodes, types)
    workflow_id = str(workflow.get("id"))
    name = texts.plain(workflow.get("name"), 200) or workflow_id
    notes = list(_notes(nodes))
    return WorkflowDraft(
        workflow_id=workflow_id,
        slug=f"workflow_{hashlib.sha256(workflow_id.encode()).hexdigest()[:12]}",
        name=name,
        summary=(notes[0][:300] if notes else f"The workflow {name} of your n8n")[:300],
        description="\n\n".join(notes),
        schema={"credential": sign_in.schema, "config": _config(trigger, nodes)},
        template=_template(workflow, nodes, trigger),
        sign_in=sign_in,
    )


def _short(node: Json) -> str:
    return str(node.get("type")).removeprefix(_BASE)


def _trigger(nodes: list[Json]) -> Json:
    found = [node for node in nodes if _short(node) in _TRIGGERS]
    for kind in _TRIGGERS:
        if one := [node for node in found if _short(node) == kind]:
            if len(one) > 1:
                raise Unfit(f"It has {len(one)} triggers of one kind: leave one that the hub takes the place of.")
            return one[0]
    raise Unfit("Nothing in it can be started by the hub: give it a trigger such as When executed by another workflow.")


def _demand_fit(nodes: list[Json]) -> None:
    kinds = {_short(node) for node in nodes}
    if "respondToWebhook" in kinds:
        raise Unfit("It answers its caller by Respond to Webhook: end it with the rows as items instead.")
    if "form" in kinds:
        raise Unfit("It asks people more questions on its way, which a run cannot answer.")


def _sign_in(nodes: list[Json], types: Mapping[str, Type]) -> SignIn:
    kinds = sorted({kind for node in nodes if _short(node) not in _TRIGGERS for kind in node.get("credentials") or ()})
    if len(kinds) > 1:
        raise Unfit(f"It uses {len(kinds)} kinds of credentials ({', '.join(kinds)}); the hub gives a workflow one.")
    if kinds and kinds[0] not in types:
        raise Unfit(f"Its kind of credential, {kinds[0]}, is not known to this n8n.")
    return signing.of(types[kinds[0]]) if kinds else SignIn()


def _notes(nodes: list[Json]) -> Iterator[str]:
    for node in nodes:
        if _short(node) == "stickyNote" and (said := texts.plain((node.get("parameters") or {}).get("content"), 2000)):
            yield said


def _config(trigger: Json, nodes: list[Json]) -> Json:
    fields = dict(_inputs(trigger, nodes))
    required = [name for name, part in fields.items() if part.pop("x-needed", False)]
    ordered = {name: {**part, "x-order": place} for place, (name, part) in enumerate(fields.items(), start=1)}
    return {"type": "object", "properties": ordered, **({"required": required} if required else {})}


def _inputs(trigger: Json, nodes: list[Json]) -> Iterator[tuple[str, Json]]:
    given = trigger.get("parameters") or {}
    match _short(trigger):
        case "executeWorkflowTrigger" if given.get("inputSource") == "jsonExample":
            yield from _of_example(given.get("jsonExample"))
        case "executeWorkflowTrigger":
            for one in (given.get("workflowInputs") or {}).get("values") or ():
                if one.get("name"):
                    yield str(one["name"]), _field(str(one["name"]), str(one.get("type") or "any"))
        case "formTrigger":
            for one in (given.get("formFields") or {}).get("values") or ():
                yield from _of_form(one)
        case "webhook":
            text = json.dumps([node.get("parameters") for node in nodes], ensure_ascii=False).replace('\\"', '"')
            for name in dict.fromkeys(first or second for first, second in _BODY.findall(text)):
                yield name, _field(name, "any")


def _of_example(text: Any) -> Iterator[tuple[str, Json]]:
    try:
        example = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        example = {}
    names = {bool: "boolean", int: "number", float: "number", list: "array", dict: "object"}
    for name, value in example.items() if isinstance(example, dict) else ():
        yield name, _field(name, names.get(type(value), "string"))


def _of_form(one: Json) -> Iterator[tuple[str, Json]]:
    name, kind = str(one.get("fieldName") or one.get("fieldLabel") or ""), str(one.get("fieldType") or "text")
    if not name or kind in ("html", "hiddenField"):
        return
    if kind == "file":
        raise Unfit(f"Its form asks for a file ({name}), which the hub does not hand over.")
    found = _field(name, kind, texts.title(one.get("fieldLabel"), name))
    if kind == "dropdown":
        options = [option.get("option") for option in (one.get("fieldOptions") or {}).get("values") or ()]
        listed = [{"const": option, "title": str(option)} for option in dict.fromkeys(options) if option]
        found = {"title": found["title"], **({"oneOf": listed} if listed else {"type": "string"})}
    yield name, {**found, "x-needed": bool(one.get("requiredField"))}


def _field(name: str, kind: str, title: str = "") -> Json:
    return {"title": title or texts.title(name, name), **_KINDS.get(kind, _KINDS["any"])}


def _template(workflow: Json, nodes: list[Json], trigger: Json) -> Json:
    """The workflow behind the hub's trigger; what was its own hands on the settings as it would have had them."""
    kept = [_stand_in(node) if node is trigger else _marked(node) for node in nodes if _short(node) != "stickyNote"]
    others = [node["name"] for node in kept if _short(node) in _TRIGGERS]
    hub = {
        "id": "hub",
        "name": TRIGGER,
        "type": f"{_BASE}manualTrigger",
        "typeVersion": 1,
        "position": [-400, 0],
        "parameters": {},
    }
    links = {name: to for name, to in (workflow.get("connections") or {}).items() if name not in others}
    links[TRIGGER] = {"main": [[{"node": trigger["name"], "type": "main", "index": 0}]]}
    return {
        "nodes": [hub, *(node for node in kept if node["name"] not in others)],
        "connections": links,
        "settings": {"executionOrder": (workflow.get("settings") or {}).get("executionOrder", "v1")},
    }


def _stand_in(trigger: Json) -> Json:
    is_hook = _short(trigger) == "webhook"
    given = (
        "={{ { body: $json.body.config, headers: {}, query: {}, params: {} } }}"
        if is_hook
        else "={{ $json.body.config }}"
    )
    return {
        "id": trigger.get("id") or "inputs",
        "name": trigger["name"],
        "type": f"{_BASE}set",
        "typeVersion": 3.4,
        "position": trigger.get("position") or [-200, 0],
        "parameters": {"mode": "raw", "jsonOutput": given, "options": {}},
    }


def _marked(node: Json) -> Json:
    """Its credential is the integration's; ids of this n8n's own credentials do not leave it."""
    kept = {key: value for key, value in node.items() if key not in ("credentials", "webhookId")}
    return {**kept, "credentials": {"hub": {}}} if node.get("credentials") else kept
