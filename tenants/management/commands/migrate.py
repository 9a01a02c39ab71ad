"""Django's own `migrate`, for all tenants: what a migration changes, it changes for each. Makes the cache's table."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.commands import migrate

from tenants.scope import platform


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with platform():
            super().handle(*args, **options)
        call_command("createcachetable", database=options["database"], verbosity=0)
