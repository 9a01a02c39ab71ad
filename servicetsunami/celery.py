"""The Celery application: a queue per engine."""

from __future__ import annotations

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicetsunami.settings")

app = Celery("servicetsunami")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["integrations"])


@worker_init.connect
def refuse_a_wrong_ring(**_: object) -> None:
    """A worker that cannot open what is sealed must not start: every run would fail on it."""
    from integrations.vault import canary  # noqa: PLC0415 - models can be imported only after Celery has set Django up

    canary.check()
