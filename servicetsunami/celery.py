"""The Celery application: a queue per engine."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery, Task
from celery.signals import celeryd_after_setup, task_postrun, task_prerun, worker_init
from celery.worker.request import Request
from django.conf import settings
from django.db import close_old_connections
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "servicetsunami.settings")


class Heard(Request):
    """What a worker was told. It needs no receipt: what is due is in the database, and a lost bell costs a second."""

    def acknowledge(self) -> None:
        self.acknowledged = True


class BellTask(Task[Any, Any]):
    Request = "servicetsunami.celery:Heard"


def bells(name: str) -> Queue:
    """A queue whose broker expects no receipts, which would take workers as long as half a step."""
    return Queue(name, Exchange(name), routing_key=name, no_ack=True)


app: Celery[Task[Any, Any]] = Celery("servicetsunami", task_cls=BellTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [bells(name) for name in settings.ENGINES]
# Celery would close the database after every task. Django knows itself which connections are too old.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
app.autodiscover_tasks(["integrations"])


@task_prerun.connect
@task_postrun.connect
def let_go_of_old_connections(**_: object) -> None:
    close_old_connections()


@worker_init.connect
def refuse_a_wrong_ring(**_: object) -> None:
    """A worker that cannot open what is sealed must not start: every run would fail on it."""
    from integrations.vault import canary  # noqa: PLC0415 - models can be imported only after Celery has set Django up

    canary.check()


@celeryd_after_setup.connect
def listen_for_this_host(instance: Any, **_: object) -> None:
    """A worker of an engine also steps the runs whose work is on its own host."""
    for name in set(instance.app.amqp.queues.consume_from) & set(settings.ENGINES):
        instance.app.amqp.queues.select_add(bells(f"{name}.{settings.HOST}"))
