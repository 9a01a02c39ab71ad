"""Make local Spark runs start in half the time."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from integrations.engines.spark.installation import Missing
from integrations.engines.spark.prepare import prepare


class Command(BaseCommand):
    help = "Makes Java's class archive for local Spark drivers, once for each Java and Spark (HUB_CACHE_DIR)."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        try:
            prepare(self.stdout.write)
        except Missing as missing:
            raise CommandError(f"{missing.problem} {missing.fix}") from None
