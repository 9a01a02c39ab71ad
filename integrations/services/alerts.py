"""Mail for whoever an integration names, when it begins to fail and when it works again."""

from __future__ import annotations

import structlog
from django.core.mail import send_mail
from django.db.models import F
from django.template.loader import render_to_string

from integrations.domain import RunState
from integrations.models import Integration, Run

log = structlog.get_logger(__name__)

BATCH = 100
GOOD = RunState.SUCCEEDED.value


def send_due() -> int:
    """Tell of integrations whose last end differs from what was told last; return how many mails went out.

    The row is the queue here too: whoever notes the verdict as told sends the mail, once, in whatever process.
    """
    changed = Integration.everywhere.filter(deleted_at=None).exclude(alert_emails=[]).exclude(verdict="")
    due = changed.exclude(verdict=F("told_verdict")).select_related("tenant").order_by("pk")
    return sum(_told(row) for row in due[:BATCH])


def _told(integration: Integration) -> bool:
    before, now = integration.told_verdict, integration.verdict
    rows = Integration.everywhere.filter(pk=integration.pk, told_verdict=before)
    if not rows.update(told_verdict=now):
        return False
    if (now == GOOD) == (before in (GOOD, "")):
        return False  # it works as it did, or fails as it did
    return _send(integration, is_good=now == GOOD)


def _send(integration: Integration, *, is_good: bool) -> bool:
    ended = Run.everywhere.filter(integration=integration, state=integration.verdict)
    context = {"integration": integration, "run": ended.order_by("-queued_at", "-id").first(), "is_good": is_good}
    subject = render_to_string("alerts/subject.txt", context).strip()
    try:
        send_mail(subject, render_to_string("alerts/mail.txt", context), None, integration.alert_emails)
    except OSError as error:  # SMTPException is one too
        log.warning("alert_not_sent", integration=str(integration.pk), reason=str(error))
        return False
    return True
