"""Make the first admin and their tenant; safe to repeat at every start."""

from __future__ import annotations

import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.text import slugify

from tenants.services import accounts

OPTIONS = {
    "email": "the address they sign in with",
    "password": "their password, when they are new; somebody who exists keeps theirs",
    "tenant": "the name of their organisation",
}


class Command(BaseCommand):
    help = "Make sure that an admin and a tenant exist. Each option may come from the environment: HUB_ADMIN_EMAIL etc."

    def add_arguments(self, parser: CommandParser) -> None:
        for name, words in OPTIONS.items():
            variable = f"HUB_ADMIN_{name.upper()}"
            parser.add_argument(f"--{name}", default=os.environ.get(variable, ""), help=f"{words} ({variable})")

    def handle(self, *args: Any, **options: Any) -> None:
        email, password, tenant = (self._needed(name, options[name].strip()) for name in OPTIONS)
        slug = slugify(tenant)
        if not slug:
            raise CommandError("--tenant needs a letter or a digit in it.")
        try:
            user, is_new = accounts.ensure_admin(email=email, password=password, tenant_name=tenant, tenant_slug=slug)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        done = "is an admin now" if is_new else "was there already and keeps the password"
        self.stdout.write(f"{user.email} {done}; tenant {slug}.")

    def _needed(self, name: str, value: str) -> str:
        if not value:
            raise CommandError(f"--{name} is missing: {OPTIONS[name]}. Or set HUB_ADMIN_{name.upper()}.")
        return value
