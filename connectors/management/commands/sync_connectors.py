"""`manage.py sync_connectors`: bring the catalogue up to the built-in folders."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors import catalog


class Command(BaseCommand):
    help = "Bring the catalogue up to the built-in connectors' folders, and say what changed."

    def handle(self, *args: Any, **options: Any) -> None:
        report = catalog.sync()
        for slug in report.created:
            self.stdout.write(f"new      {slug}")
        for slug, names in report.changed.items():
            self.stdout.write(f"changed  {slug}: {', '.join(names)}")
        for slug in report.hidden:
            self.stdout.write(f"hidden   {slug}: its folder is gone")
        self.stdout.write(f"{len(report.unchanged)} unchanged")
        for slug, problems in report.broken.items():
            for problem in problems:
                self.stderr.write(f"broken   {slug}/{problem}")
        if report.broken:
            raise CommandError(f"{len(report.broken)} of the folders are broken; the others are in the catalogue.")
