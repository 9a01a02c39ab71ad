"""Make the demo's tenant, its admin and a fresh token, and print them as JSON: `python -m demo.accounts`."""

from __future__ import annotations

import json
import secrets
import sys
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

import embedded.ready  # noqa: F401 - Django must be up before the models below are imported
from tenants.models import ApiToken, Member
from tenants.roles import Role
from tenants.services import accounts, tokens

EMAIL = "demo@example.com"
SLUG = "demo"
TOKEN_NAME = "make demo"


def main() -> int:
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        member = admin_with(password)
        # Each start has its own token; those of earlier starts end with it.
        ApiToken.everywhere.filter(tenant=member.tenant, name=TOKEN_NAME).delete()
        expires_at = timezone.now() + timedelta(days=30)
        _, token = tokens.issue(member=member, name=TOKEN_NAME, role=Role.ADMIN, expires_at=expires_at)
    json.dump({"email": EMAIL, "password": password, "token": token}, sys.stdout)
    return 0


def admin_with(password: str) -> Member:
    """Return the demo's admin, made the first time; the password is new at every start."""
    user, is_new = accounts.ensure_admin(email=EMAIL, password=password, tenant_name="Demo", tenant_slug=SLUG)
    if not is_new:
        user.set_password(password)
        user.save(update_fields=["password"])
    return Member.everywhere.get(tenant__slug=SLUG, user=user)


if __name__ == "__main__":
    sys.exit(main())
