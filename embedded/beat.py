"""Celery's beat without the hub in its memory: `python -m embedded.beat`.

`celery beat` imports every task with all it needs. Beat only sends their names, so half of that memory is for nothing.
"""

from __future__ import annotations

import logging

from celery.beat import Scheduler, Service

from servicetsunami.celery import app


def main() -> None:
    # It would say two lines a second.
    logging.getLogger("celery.beat").setLevel(logging.WARNING)
    Service(app, scheduler_cls=Scheduler).start()


if __name__ == "__main__":
    main()
