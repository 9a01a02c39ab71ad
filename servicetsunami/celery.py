"""The Celery application: a queue per engine."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, worker_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicetsunami.settings")

app = Celery("servicetsunami")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["integrations"])


@worker_init.connect
def refuse_a_wrong_ring(**_: object) -> None:
    """A worker that cannot open what is sealed must not start: every run would fail on it."""
    from integrations.vault import canary  # noqa: PLC0415 - models can be imported only after Celery has set Django up

    canary.check()


@celeryd_after_setup.connect
def listen_for_this_host(instance: Any, **_: object) -> None:
    """A worker of an engine also steps the runs whose work is on its own host."""
    for name in set(instance.app.amqp.queues.consume_from) & set(settings.ENGINES):
        instance.app.amqp.queues.select_add(f"{name}.{settings.HOST}")
