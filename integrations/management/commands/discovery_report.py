"""`manage.py discovery_report`: measure what was discovered, on the connected n8n, and write it down."""

from __future__ import annotations

import statistics
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from connectors.discovery.store import Store
from integrations.domain import EngineError
from integrations.engines.n8n.client import Client
from integrations.management.progress import Bar
from integrations.services import discovery, discovery_report
from integrations.services.discovery_report import Figures

_MOST_REASONS = 40


class Command(BaseCommand):
    help = "Measure on the connected n8n how much of it has a form and is accepted, and write the report."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.BASE_DIR / "docs" / "discovery-report.md")

    def handle(self, *args: Any, **options: Any) -> None:
        bar = Bar("nodes", 0)
        try:
            known = discovery.read(Store(Path(settings.VAR_DIR) / "n8n-types"), discovery.connected())
            bar.reach(0, sum(node.is_service for node in known.nodes.values()))
            client = Client(settings.N8N_URL, settings.N8N_API_KEY)
            figures = discovery_report.measure(known, client, bar.advance)
        except EngineError as error:
            raise CommandError(f"{error} {error.failure.fix}".strip()) from None
        bar.end()
        options["to"].write_text(text(figures), encoding="utf-8")
        self.stdout.write(f"written to {options['to']}")


def text(found: Figures) -> str:
    """The report, in Markdown."""
    lines = [
        "# What of n8n is discovered",
        "",
        f"Measured on n8n {found.version or '(unknown)'} by `manage.py discovery_report`, which wrote this page.",
        "",
        "| what | number |",
        "|---|--:|",
        *(f"| {what} | {number} |" for what, number in _rows(found)),
        "",
        "n8n's acceptance is no proof of a working call: it checks required parameters, that a credential is named,",
        "and that it knows the node. Not measured here: calls against the services themselves.",
        "",
        f"Left out, because they reach into n8n's own machine: {', '.join(found.left_out) or 'none'}.",
    ]
    lines += _reasons("What has no complete form", found.gaps.most_common())
    lines += _reasons("Configurations that the schema alone could not fill", sorted(found.unfilled.items()))
    lines += _reasons("What n8n did not accept", sorted(found.refusals.items()))
    lines += _reasons("Credential types that n8n did not accept", sorted(found.type_refusals.items()))
    return "\n".join(lines) + "\n"


def _rows(found: Figures) -> Iterator[tuple[str, str]]:
    took, fields, name = found.largest_form
    yield "nodes, each in the version n8n gives a new one", f"{found.nodes:,}"
    yield "of them triggers", f"{found.triggers:,}"
    yield "connectors made of them: services that may be called", f"{found.services:,}"
    yield "operations of these", f"{found.operations:,}"
    yield "with a complete form", _share(found.with_form, found.operations)
    yield "whose smallest configuration the schema alone could fill", _share(found.valid, found.operations)
    yield "accepted by n8n in that configuration: published", _share(found.accepted, found.operations)
    yield "credential types", f"{found.types:,}"
    yield "with a form", _share(found.types_with_form, found.types)
    yield "accepted by n8n with values made by the schema alone", _share(found.types_accepted, found.types)
    yield "making all connectors", f"{found.seconds:.1f} s"
    yield "all their schemas", f"{found.schema_bytes / 1e6:.1f} MB"
    yield "memory of a process that has read all and made all of them", f"{found.peak_mb} MB"
    yield "an operation's form, median", f"{statistics.median(found.form_ms):.0f} ms"
    yield "an operation's form, longest", f"{max(found.form_ms):.0f} ms"
    yield f"the form with most fields: {name}", f"{fields} fields, {took:.0f} ms"


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({100 * part / whole:.1f} %)" if whole else "0"


def _reasons(title: str, found: list[tuple[str, int]]) -> list[str]:
    if not found:
        return []
    shown = [f"- {reason}{f': {count}' if count > 1 else ''}" for reason, count in found[:_MOST_REASONS]]
    more = [f"- and {len(found) - _MOST_REASONS} more"] if len(found) > _MOST_REASONS else []
    return ["", f"## {title}", "", *shown, *more]
