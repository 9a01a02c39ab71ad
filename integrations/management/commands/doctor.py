"""Say what is wrong with this hub and how to mend it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from integrations.engines import registry
from integrations.services import standing, storage
from integrations.vault import canary, keyring
from tenants import row_security

BROKER_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found, and how to mend it unless the message says that already."""

    subject: str
    message: str
    fix: str = ""
    is_ok: bool = False


def well(subject: str, message: str) -> Finding:
    return Finding(subject, message, is_ok=True)


def database() -> Finding:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        return Finding("database", f"cannot be opened ({error})", "Correct DATABASE_URL, or start the database.")
    if role := row_security.bypassed_by(connection):
        fix = "Have DATABASE_URL name a plain role that owns the tables: NOSUPERUSER NOBYPASSRLS."
        return Finding("database", f"{role} is a superuser, for whom PostgreSQL does not keep tenants apart", fix)
    return well("database", connection.vendor)


def migrations() -> Finding:
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        return Finding("migrations", f"cannot be read ({type(error).__name__})", "Mend the database first.")
    if missing:
        return Finding("migrations", f"{missing} not applied", "Run `python manage.py migrate`.")
    return well("migrations", "all applied")


def broker() -> Finding:
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as opened:
            opened.ensure_connection(max_retries=1, timeout=BROKER_SECONDS, interval_start=0)
    except (OperationalError, OSError) as error:
        fix = "Start Redis or Valkey, or correct HUB_BROKER_URL. Runs wait meanwhile; none is lost."
        return Finding("broker", f"does not answer ({type(error).__name__})", fix)
    return well("broker", "answers")


def vault() -> Finding:
    try:
        canary.check()
    except DatabaseError as error:
        return Finding("vault", f"cannot be read ({type(error).__name__})", "Mend the database first.")
    except ImproperlyConfigured as error:
        return Finding("vault", str(error))
    if unwise := keyring.advice(settings.KEYS_FILE):
        return Finding("vault", unwise)
    return well("vault", "the key ring opens this hub's secrets")


def landing() -> Finding:
    if problem := storage.is_writable():
        return Finding("storage", problem, "Correct HUB_STORAGE_URL, or let the hub's user write there.")
    return well("storage", settings.STORAGE_URL)


def workspaces() -> Finding:
    folder = Path(settings.RUNS_DIR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return well("run folders", str(folder))
    except OSError as error:
        fix = "Let the hub's user write there, or change HUB_RUNS_DIR."
        return Finding("run folders", f"{folder}: {error.strerror}", fix)


def engine(name: str) -> Finding:
    health = standing.health_of(name)
    if health.is_ok:
        return well(name, f"version {health.version}" if health.version else "ready")
    return Finding(name, health.problem or "cannot work", health.fix or "See its log.")


LOOKS: tuple[Callable[[], Finding], ...] = (database, migrations, broker, vault, landing, workspaces)


class Command(BaseCommand):
    help = "Check the database, the broker, the vault, the storage and each engine; exit 1 if something is wrong."
    # It is asked when something is wrong: the checks that stop other commands must not stop this one.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = [look() for look in LOOKS] + [engine(name) for name in registry.names()]
        for finding in findings:
            self._print(finding)
        if not all(finding.is_ok for finding in findings):
            raise SystemExit(1)

    def _print(self, finding: Finding) -> None:
        sign = self.style.SUCCESS("ok   ") if finding.is_ok else self.style.ERROR("WRONG")
        words = f"{finding.message.removesuffix('.')}. {finding.fix}".rstrip()
        self.stdout.write(f"{sign} {finding.subject}: {words}")
