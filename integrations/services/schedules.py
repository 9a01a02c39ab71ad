"""Clocks: when an integration runs next, and the runs that are due now."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import structlog
from cronsim import CronSim, CronSimError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from connectors.schemas import FieldError
from integrations.domain import Overlap, Trigger
from integrations.models import Integration
from integrations.services import requests
from integrations.services.errors import Refused

log = structlog.get_logger(__name__)


def problems(cron: str, time_zone: str) -> list[FieldError]:
    """Tell what is wrong with a schedule, field by field; an empty expression is no schedule and is right."""
    if time_zone not in available_timezones():
        return [
            FieldError(
                "/schedule/time_zone", "unknown_time_zone", gettext("Give an IANA time zone, such as Europe/Berlin.")
            )
        ]
    if not _parses(cron):
        detail = gettext("Give five fields (minute, hour, day, month, weekday), such as 0 6 * * 1-5.")
        return [FieldError("/schedule/cron", "unreadable", detail)]
    return []


def next_after(cron: str, time_zone: str, moment: datetime) -> datetime | None:
    """Return the first time after `moment`, or None when there is no schedule or none to come."""
    if not cron:
        return None
    try:
        return next(CronSim(cron, moment.astimezone(ZoneInfo(time_zone))), None)
    except CronSimError:
        return None


def start_due(limit: int = 200) -> None:
    """Queue a run of every integration whose time has come; each time once, however many clocks tick."""
    now = timezone.now()
    due = Integration.everywhere.filter(next_run_at__lte=now).select_related("connector").order_by("next_run_at")
    for integration in due[:limit]:
        with transaction.atomic():
            _start(integration, now)


def _start(integration: Integration, now: datetime) -> None:
    following = next_after(integration.cron, integration.time_zone, now) if integration.enabled else None
    # Another clock that saw the same time loses here: the row no longer says what it read.
    mine = Integration.everywhere.filter(pk=integration.pk, next_run_at=integration.next_run_at)
    if not mine.update(next_run_at=following) or not integration.enabled or integration.deleted_at:
        return
    if integration.overlap == Overlap.SKIP and requests.has_active(integration):
        log.info("schedule_skipped", integration=str(integration.pk))
        return
    try:
        requests.request(integration=integration, trigger=Trigger.SCHEDULE)
    except Refused as refusal:
        log.warning("schedule_not_started", integration=str(integration.pk), reason=refusal.detail)


def _parses(cron: str) -> bool:
    if not cron:
        return True
    try:
        CronSim(cron, timezone.now())
    except CronSimError:
        return False
    return True
