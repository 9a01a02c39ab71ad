"""Celery's worker with its beat in a thread: `python -m embedded.worker -Q n8n,spark`.

A beat of its own sends two names a second, and takes 50 MB for it.
"""

from __future__ import annotations

import sys
import threading

from celery.beat import Scheduler, Service
from celery.signals import worker_ready

from servicetsunami.celery import app

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")


@worker_ready.connect
def start_beat(**_: object) -> None:
    beat = Service(app, max_interval=1, scheduler_cls=Scheduler)
    threading.Thread(target=beat.start, name="beat", daemon=True).start()


if __name__ == "__main__":
    app.start(["--quiet", "worker", "-P", "threads", "-c", "20", *QUIET, *sys.argv[1:]])
