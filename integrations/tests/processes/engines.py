"""The real engines, which kill their own worker on demand: right after they started a job, before anybody noted it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from django.conf import settings

from integrations.domain import Job, Progress
from integrations.engines.n8n.engine import N8nEngine
from integrations.engines.spark.engine import SparkEngine


def trap(var: Path, engine: str) -> Path:
    """Name the file that makes the engine's next start the last deed of its worker."""
    return var / f"die-after-{engine}-start"


def fall_into(trap_: Path) -> None:
    if trap_.exists():
        trap_.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


class DeadlyN8n(N8nEngine):
    def start(self, job: Job) -> Progress:
        progress = super().start(job)
        fall_into(trap(settings.VAR_DIR, "n8n"))
        return progress


class DeadlySpark(SparkEngine):
    def start(self, job: Job) -> Progress:
        progress = super().start(job)
        fall_into(trap(settings.VAR_DIR, "spark"))
        return progress
