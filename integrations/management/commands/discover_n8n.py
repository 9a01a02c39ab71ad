"""`manage.py discover_n8n`: connectors of the connected n8n's nodes, and drafts of its workflows."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.discovery.rows import Report
from connectors.discovery.store import UnderWay
from integrations.domain import EngineError
from integrations.management.progress import Bar
from integrations.services import discovery


class Command(BaseCommand):
    help = "Make connectors of the connected n8n's nodes, and drafts of its workflows; say what changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--draft", action="store_true", help="new ones wait for an administrator to publish them")
        parser.add_argument("--fresh", action="store_true", help="ask n8n again, although its version is known")

    def handle(self, *args: Any, **options: Any) -> None:
        bar = Bar("nodes", 0)
        try:
            report = discovery.discover_nodes(is_draft=options["draft"], is_fresh=options["fresh"], advance=bar.reach)
            bar.end()
            flows = discovery.discover_workflows()
        except EngineError as error:
            raise CommandError(f"{error} {error.failure.fix}".strip()) from None
        except UnderWay:
            raise CommandError("Another discovery is under way on this machine. Wait until it has ended.") from None
        self._say("nodes", report)
        self.stdout.write(f"{report.operations} operations, {report.complete} of them with a complete form")
        self._say("workflows", flows)
        for name, reason in flows.unfit.items():
            self.stdout.write(f"unfit    {name}: {reason}")

    def _say(self, what: str, report: Report) -> None:
        self.stdout.write(
            f"{what}: {len(report.created)} new, {len(report.changed)} changed, {len(report.unchanged)} unchanged"
        )
        for slug, names in report.changed.items():
            self.stdout.write(f"changed  {slug}: {', '.join(names)}")
        for slug in report.hidden:
            self.stdout.write(f"hidden   {slug}: this n8n has it no more")
        for slug in report.taken:
            self.stderr.write(f"left out {slug}: another connector has that slug")
