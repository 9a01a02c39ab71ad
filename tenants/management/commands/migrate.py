"""Django's own `migrate`, for all tenants: what a migration changes, it changes for each of them."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate

from tenants.scope import platform


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with platform():
            super().handle(*args, **options)
