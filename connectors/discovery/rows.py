"""Discovered nodes as rows of the catalogue."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from connectors.discovery.drafts import Draft
from connectors.discovery.workflows import WorkflowDraft
from connectors.models import Connector

TYPE = "n8n"


@dataclass(slots=True)
class Report:
    """What a discovery did, by slug. `taken` are slugs that belong to another connector."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    unfit: dict[str, str] = field(default_factory=dict)
    """Workflows that cannot be connectors, by name, with the reason."""
    operations: int = 0
    complete: int = 0


def put(draft: Draft, report: Report, *, logo: str, status: str) -> None:
    """Bring one row up to its node. Hidden by a person stays hidden; integrations keep what they were made with."""
    report.operations += len(draft.operations)
    report.complete += sum(not one.gaps for one in draft.operations)
    with transaction.atomic():
        row = Connector.objects.select_for_update().filter(slug=draft.slug).first()
        if row is not None and row.source != Connector.Source.NODE:
            report.taken.append(draft.slug)
            return
        is_new = row is None
        row = row or Connector(slug=draft.slug, source=Connector.Source.NODE, type=TYPE, status=status)
        changed = _apply(row, draft, logo)
        if changed or is_new:
            row.save()
    _note(report, draft.slug, is_new, changed)


def _note(report: Report, slug: str, is_new: bool, changed: list[str]) -> None:
    if is_new:
        report.created.append(slug)
    elif changed:
        report.changed[slug] = changed
    else:
        report.unchanged.append(slug)


def put_workflow(draft: WorkflowDraft, report: Report) -> None:
    """Bring one row up to its workflow. New ones wait for an administrator; what one wrote in the row stays."""
    with transaction.atomic():
        row = Connector.objects.select_for_update().filter(slug=draft.slug).first()
        is_new = row is None
        row = row or Connector(slug=draft.slug, source=Connector.Source.WORKFLOW, type=TYPE, version="1.0.0")
        values: dict[str, Any] = {"template": draft.template, "n8n_workflow_id": draft.workflow_id}
        if row.status == Connector.Status.DRAFT:
            values |= _described(draft)
        if row.missing_since is not None:
            values |= {"status": Connector.Status.DRAFT, "missing_since": None}
        is_other = not is_new and row.template != draft.template
        if is_other:
            values["version"] = _following(row.version)
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, values[name])
        if changed or is_new:
            row.save()
    _note(report, draft.slug, is_new, changed)


def _described(draft: WorkflowDraft) -> dict[str, Any]:
    return {
        "name": draft.name,
        "summary": draft.summary,
        "description": draft.description,
        "categories": ["workflow"],
        "schema": draft.schema,
        "n8n_credentials": draft.sign_in.map,
        "oauth2": draft.sign_in.oauth2,
    }


def _following(version: str) -> str:
    base, _, patch = version.rpartition(".")
    return f"{base}.{int(patch) + 1}" if patch.isdecimal() else f"{version}.1"


def hide_missing(present: set[str], report: Report, source: str = Connector.Source.NODE) -> None:
    """Hide what this n8n has no more; it comes back with the node, and a workflow as a draft."""
    rows = Connector.objects.filter(source=source, missing_since=None).exclude(slug__in=present)
    for row in rows.order_by("slug"):
        row.status, row.missing_since = Connector.Status.HIDDEN, timezone.now()
        row.save(update_fields=["status", "missing_since", "updated_at"])
        report.hidden.append(row.slug)


def _apply(row: Connector, draft: Draft, logo: str) -> list[str]:
    values: dict[str, Any] = {
        "name": draft.name,
        "summary": draft.summary,
        "description": draft.description,
        "readme": draft.readme,
        "categories": list(draft.categories),
        "docs_url": draft.docs_url,
        "schema": draft.schema,
        "template": draft.template,
        "n8n_credentials": draft.sign_in.map,
        "oauth2": draft.sign_in.oauth2,
        **({"logo": logo} if logo else {}),
    }
    values["version"] = _version(row, draft, values)
    if row.missing_since is not None:
        values |= {"status": Connector.Status.PUBLISHED, "missing_since": None}
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _version(row: Connector, draft: Draft, values: dict[str, Any]) -> str:
    """The node's version, and a number that grows when n8n changed what that version asks for."""
    is_same = row.template and _mark(row.template, row.n8n_credentials) == _mark(
        values["template"], values["n8n_credentials"]
    )
    if is_same:
        return row.version
    base, _, patch = row.version.rpartition(".")
    return f"{draft.base_version}.{int(patch) + 1 if row.template and base == draft.base_version else 0}"


def _mark(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
