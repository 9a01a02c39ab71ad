"""`manage.py check_connector PATH`: hold a connector's folder against everything the catalogue asks."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors import conformance


class Command(BaseCommand):
    help = "Check a connector's folder, your own or a built-in one; says everything that is wrong with it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="+", type=Path, help="a folder with a connector.json")

    def handle(self, *args: Any, **options: Any) -> None:
        found = {path: conformance.problems(path) for path in options["path"]}
        for path, problems in found.items():
            for problem in problems:
                self.stderr.write(f"{path.name}/{problem}")
            if not problems:
                self.stdout.write(f"{path.name} is well: {len(conformance.CHECKS)} checks passed")
        if broken := [path for path, problems in found.items() if problems]:
            raise CommandError(f"{len(broken)} of {len(found)} connectors need work.")
