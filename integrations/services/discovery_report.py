"""Measures what was discovered: how much of n8n has a form, and how much of that n8n itself takes."""

from __future__ import annotations

import json
import resource
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from connectors import forms, schemas
from connectors.discovery import drafts, samples, signing
from connectors.discovery.configs import OPERATION, RESOURCE, Operation
from connectors.discovery.drafts import Draft
from connectors.discovery.signing import Type
from integrations.domain import EngineError, Json
from integrations.engines.n8n import runner
from integrations.engines.n8n.client import Client
from integrations.engines.n8n.credentials import translate
from integrations.engines.n8n.provisioning import remove_credential, remove_workflow
from integrations.services.discovery import Known, refused

Advance = Callable[[int], None]
_DUMMY = {"id": "hubreportdummy00", "name": "no such credential"}
_KINDS_OF_REASON = 12


@dataclass(slots=True)
class Figures:
    """What was counted. Operations are pairs of resource and operation, however many ways lead to them."""

    version: str
    nodes: int = 0
    triggers: int = 0
    services: int = 0
    left_out: list[str] = field(default_factory=list)
    operations: int = 0
    with_form: int = 0
    valid: int = 0
    accepted: int = 0
    types: int = 0
    types_with_form: int = 0
    types_accepted: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    unfilled: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    type_refusals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    peak_mb: int = 0
    """Of the process, once it has read all descriptions and made all connectors."""
    schema_bytes: int = 0
    form_ms: list[float] = field(default_factory=list)
    largest_form: tuple[float, int, str] = (0, 0, "")


def measure(known: Known, client: Client, advance: Advance | None = None) -> Figures:
    """Ask the n8n behind the client to take every operation and every credential type; nothing stays there."""
    figures = Figures(known.version, nodes=len(known.nodes), types=len(known.types))
    figures.triggers = sum(node.is_trigger and not node.description.get("hidden") for node in known.nodes.values())
    left_out = refused()
    figures.left_out = sorted(node.short for node in known.nodes.values() if node.is_service and node.short in left_out)
    began = time.perf_counter()
    made = [draft for _, draft in drafts.drafts(known.nodes, known.types, left_out)]
    figures.seconds = time.perf_counter() - began
    figures.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    figures.services = len(made)
    for draft in made:
        _measure_draft(draft, client, figures)
        if advance:
            advance(1)
    for kind in known.types.values():
        _measure_type(kind, client, figures)
    return figures


def _measure_draft(draft: Draft, client: Client, figures: Figures) -> None:
    config = draft.schema["config"]
    figures.schema_bytes += len(json.dumps(draft.schema))
    is_sound = not schemas.check(draft.schema)
    calls: list[tuple[Operation, Json]] = []
    for one in _distinct(draft.operations):
        figures.operations += 1
        figures.gaps.update(gap.rpartition(": ")[2] for gap in one.gaps)
        figures.with_form += is_sound and not one.gaps
        value = samples.smallest(config, one.known)
        _time_form(config, value, one, draft, figures)
        if samples.is_complete(config, value):
            figures.valid += 1
            calls.append((one, value))
        else:
            wrong = schemas.validate(config, value)[0]
            figures.unfilled[f"{draft.name}, {one.name}: {wrong.pointer} {wrong.detail}"] += 1
    for _, problem in _refused(draft, calls, client):
        if problem:
            figures.refusals[f"{draft.name}: {problem}"] += 1
        else:
            figures.accepted += 1


def _distinct(operations: tuple[Operation, ...]) -> Iterator[Operation]:
    seen = set()
    for one in operations:
        pair = one.known.get(RESOURCE), one.known.get(OPERATION)
        if pair not in seen:
            seen.add(pair)
            yield one


def _time_form(config: Json, value: Json, one: Operation, draft: Draft, figures: Figures) -> None:
    began = time.perf_counter()
    forms.render(forms.build(config, value, prefix="config", refresh_url="/"))
    took = (time.perf_counter() - began) * 1000
    figures.form_ms.append(took)
    fields = sum(1 for _ in schemas.fields(one.schema))
    if fields > figures.largest_form[1]:
        figures.largest_form = (took, fields, f"{draft.name}, {one.name}")


def _refused(draft: Draft, calls: list[tuple[Operation, Json]], client: Client) -> Iterator[tuple[Operation, str]]:
    """Each operation with what n8n has against it: all of a node in one workflow, and one by one where that fails."""
    if calls and not _publish(client, [_node(draft, value, place) for place, (_, value) in enumerate(calls)]):
        yield from ((one, "") for one, _ in calls)
        return
    for one, value in calls:
        yield one, _publish(client, [_node(draft, value, 0)])


def _node(draft: Draft, value: Json, place: int) -> Json:
    kind = _type_of(draft, value)
    ref: Json = {"credential": {"type": kind, **_DUMMY}, "parameters": _parameters(draft, kind)} if kind else {}
    node: Json = runner.inner(draft.template, value, ref)["nodes"][1]
    return {**node, "id": str(uuid.uuid4()), "name": f"Node {place}", "position": [200, 200 * place]}


def _type_of(draft: Draft, value: Json) -> str:
    """The first credential type that fits what was chosen."""
    for part in draft.credentials:
        shown = (part.get("displayOptions") or {}).get("show") or {}
        if all(value.get(name, values[0]) in values for name, values in shown.items()):
            return str(part["name"])
    return ""


def _parameters(draft: Draft, kind: str) -> Json:
    mapping = draft.sign_in.map
    found: Any = mapping.get("cases", {}).get(kind, mapping)
    return dict(found.get("node") or {})


def _publish(client: Client, nodes: list[Json]) -> str:
    """What n8n has against the nodes; empty when it publishes them."""
    path = str(uuid.uuid4())
    hook = {
        "id": "hook",
        "name": "Hook",
        "type": "n8n-nodes-base.webhook",
        "typeVersion": 2.1,
        "position": [0, 0],
        "webhookId": path,
        "parameters": {"httpMethod": "POST", "path": path, "options": {}},
    }
    links = {"Hook": {"main": [[{"node": node["name"], "type": "main", "index": 0} for node in nodes]]}}
    body = {"name": "Hub discovery report", "nodes": [hook, *nodes], "connections": links, "settings": {}}
    made = str(client.api("POST", "/workflows", body).body["id"])
    try:
        answer = client.api("POST", f"/workflows/{made}/publish", allow=(400,))
        return "" if answer.status == 200 else " ".join(answer.message.rpartition("  - ")[2].split()) or "no reason"
    finally:
        _removed(client, made)


def _removed(client: Client, made: str) -> None:
    """n8n may still be at work on what it published, and fail to remove it at first."""
    for pause in (0.2, 1.0, 3.0):
        with suppress(EngineError):
            remove_workflow(client, made)
            break
        time.sleep(pause)
    else:
        remove_workflow(client, made)


def _measure_type(kind: Type, client: Client, figures: Figures) -> None:
    schema = signing.schema_of(kind)
    if schemas.check(schema):
        return
    figures.types_with_form += 1
    value = samples.smallest(schema, {})
    made = signing.of(kind)
    data = translate(made.map, value | {"oauth2": {"access_token": "sample", "token_type": "Bearer"}}).data
    dummy = "hubreporttype000"
    try:
        client.api("POST", "/credentials", {"id": dummy, "name": "Hub report", "type": kind.name, "data": data})
        figures.types_accepted += 1
    except EngineError as error:
        figures.type_refusals[f"{kind.name}: {error}"] += 1
    finally:
        remove_credential(client, dummy)
