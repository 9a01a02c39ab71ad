"""Make an API token for a member and print it, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tenants.models import Member
from tenants.roles import Role
from tenants.services import tokens


class Command(BaseCommand):
    help = "Make an API token for a member and print it. Nobody can show it again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True, help="whose token it is")
        parser.add_argument("--tenant", help="the organisation's slug; needed when they are in several")
        parser.add_argument("--name", default="command line", help="what it is for")
        parser.add_argument("--role", choices=Role.values, help="the most it may do; default: what the member may")
        parser.add_argument("--days", type=int, help="how long it works; default: until it is revoked")

    def handle(self, *args: Any, **options: Any) -> None:
        member = self._member(options["email"], options["tenant"])
        expires_at = timezone.now() + timedelta(days=options["days"]) if options["days"] is not None else None
        role = Role(options["role"]) if options["role"] else None
        try:
            _, secret = tokens.issue(member=member, name=options["name"], role=role, expires_at=expires_at)
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)

    def _member(self, email: str, slug: str | None) -> Member:
        found = Member.everywhere.filter(user__email__iexact=email).select_related("user", "tenant")
        mine = list(found.filter(tenant__slug=slug) if slug else found)
        if not mine:
            raise CommandError(f"{email} is a member of no such tenant. `manage.py create_admin` makes the first one.")
        if len(mine) > 1:
            raise CommandError(
                f"{email} is in several tenants: {', '.join(m.tenant.slug for m in mine)}. Give --tenant."
            )
        return mine[0]
