"""Change the keys of the vault while the hub works."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from integrations.management.progress import Bar
from integrations.models import TenantKey
from integrations.vault import Unreadable, canary, keyring, rotation

RESTART = (
    "Once every process of the hub has the newest key in its ring, they may leave it. Old backups still need them."
)


class Command(BaseCommand):
    help = (
        "Have the ring's newest key wrap everything, and say which keys may leave the ring. With --reseal also make "
        "a new data key for every tenant and seal all values anew. Runs go on meanwhile; if it breaks off, repeat it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reseal", action="store_true", help="also seal every value anew, with new data keys")
        parser.add_argument(
            "--check", action="store_true", help="change nothing: open every value, exit 1 if one does not open"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            canary.check()
            if options["check"]:
                return self._check()
            self._rewrap()
        except (ImproperlyConfigured, Unreadable) as error:
            raise CommandError(str(error)) from error
        if options["reseal"]:
            self._reseal()
        self._say_what_may_go()
        return None

    def _check(self) -> None:
        bar = Bar("opening", rotation.count(), sys.stderr)
        report = rotation.verify(bar.advance)
        bar.end()
        self._name(report)
        if report.unreadable:
            raise CommandError(f"{len(report.unreadable):,} of {report.count:,} sealed values do not open.")
        self.stdout.write(f"All {report.count:,} sealed values open.")

    def _rewrap(self) -> None:
        newest = keyring.ring().newest
        bar = Bar("wrapping", TenantKey.everywhere.exclude(ring_key_id=newest).count(), sys.stderr)
        done = rotation.rewrap(bar.advance)
        bar.end()
        self.stdout.write(
            f"The key {newest!r} wraps all {TenantKey.everywhere.count():,} data keys, {done:,} of them anew."
        )

    def _reseal(self) -> None:
        bar = Bar("sealing", rotation.count(), sys.stderr)
        report = rotation.reseal(bar.advance)
        bar.end()
        self._name(report)
        kept = "except those of the values that do not open: enter these again" if report.unreadable else "all of them"
        self.stdout.write(f"{report.count:,} values are sealed anew. The old data keys are deleted, {kept}.")

    def _name(self, report: rotation.Report) -> None:
        for spot in sorted(report.unreadable, key=str):
            self.stdout.write(f"Does not open: {spot}")

    def _say_what_may_go(self) -> None:
        if unused := rotation.unused_ring_keys():
            names = ", ".join(map(repr, unused))
            self.stdout.write(f"Of the ring these wrap nothing any more: {names}. {RESTART}")
        else:
            self.stdout.write("Every key of the ring is in use: none may leave it.")
