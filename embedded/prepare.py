"""Bring database, catalogue and vault up to date before the hub's processes start: `python -m embedded.prepare`."""

from __future__ import annotations

import io
import json
import secrets
import sys
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

import embedded.ready  # noqa: F401 - Django must be up before the models below are imported
from embedded import assets
from embedded.environment import var_dir, write_private
from integrations.vault import canary
from tenants.models import User
from tenants.services import accounts

FIRST_EMAIL = "admin@example.com"


def main() -> int:
    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("sync_connectors", verbosity=0, stdout=io.StringIO())
        canary.check()
    except (CommandError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    collect()
    make_first_account()
    return 0


def collect() -> None:
    """Collect the static files, named by their content and compressed, when any of them changed."""
    folder = Path(settings.STATIC_ROOT)
    sources = [Path(storage.path(path)) for finder in get_finders() for path, storage in finder.list([])]
    if not assets.is_collected(folder, sources):
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        assets.note_collected(folder, sources)


def make_first_account() -> None:
    """Make somebody who can sign in, once; the password is in var/login.json, for the owner of this folder alone."""
    if User.objects.exists():
        return
    password = secrets.token_urlsafe(12)
    accounts.ensure_admin(email=FIRST_EMAIL, password=password, tenant_name="My organisation", tenant_slug="main")
    write_private(var_dir() / "login.json", json.dumps({"email": FIRST_EMAIL, "password": password}) + "\n")


if __name__ == "__main__":
    sys.exit(main())
