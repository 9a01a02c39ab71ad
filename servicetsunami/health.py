"""Whether this process lives (`/healthz`), and whether it can work (`/readyz`)."""

from __future__ import annotations

from collections.abc import Callable

from celery import current_app
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from integrations.vault import canary


def database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def broker() -> None:
    with current_app.connection_for_write() as link:
        link.ensure_connection(max_retries=1, interval_start=0, timeout=2)


CHECKS: dict[str, tuple[Callable[[], None], str]] = {
    "database": (database, "Start the database, or correct DATABASE_URL."),
    "broker": (broker, "Start Redis or Valkey, or correct HUB_BROKER_URL. Runs wait meanwhile; none is lost."),
    "vault": (canary.check, "Give the key ring the key that sealed the stored credentials: see HUB_KEYS."),
}


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when all parts answer, else 503 that names each part and says what to do."""
    parts = {name: _say(check, fix) for name, (check, fix) in CHECKS.items()}
    is_ready = all(words == "ok" for words in parts.values())
    return JsonResponse({"status": "ok" if is_ready else "not ready", **parts}, status=200 if is_ready else 503)


def _say(check: Callable[[], None], fix: str) -> str:
    try:
        check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the answer is the same: this part does not work
        return f"{type(error).__name__}. {fix}"
    return "ok"
