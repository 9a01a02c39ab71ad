"""Celery's beat without Django in its memory: `python -m embedded.beat var/beat.json`.

`celery beat` imports every task with all it needs, to send two names a second. The schedule is the settings' own:
`embedded.prepare` writes it down.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from celery import Celery
from celery.beat import Scheduler, Service


def main(schedule: Path) -> None:
    app = Celery("beat", broker=os.environ["HUB_BROKER_URL"])
    app.conf.beat_schedule = json.loads(schedule.read_text())
    Service(app, scheduler_cls=Scheduler).start()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
