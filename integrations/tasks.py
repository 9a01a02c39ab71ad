"""Celery's door: look up, call one service."""

from __future__ import annotations

import structlog
from celery import shared_task

from connectors.discovery.store import UnderWay
from integrations.domain import EngineError
from integrations.services import (
    alerts,
    bell,
    clock,
    completeness,
    deployments,
    discovery,
    drafts,
    endings,
    renewal,
    runs,
    schedules,
)

log = structlog.get_logger(__name__)


@shared_task(name=bell.ADVANCE)
def advance(run_ids: list[str]) -> None:
    runs.advance(run_ids)


@shared_task(name="integrations.tick")
def tick(engine: str) -> None:
    """Once a second and engine: start what is scheduled, ring what is due, tidy what is left."""
    schedules.start_due()
    clock.ring_due(engine)
    clock.close_abandoned(engine)
    deployments.remove_due()
    try:
        endings.forget_leftovers(engine)
    except EngineError as error:
        log.info("leftovers_kept", engine=engine, reason=str(error))


@shared_task(name="integrations.look_after")
def look_after() -> None:
    """Once a minute: judge integrations by newer versions of their connectors, tell who waits, forget old drafts."""
    completeness.recheck()
    alerts.send_due()
    drafts.forget_old()


@shared_task(name="integrations.renew_tokens")
def renew_tokens() -> None:
    """Every 20 seconds: renew OAuth tokens that end soon."""
    renewal.renew_due()


@shared_task(name="integrations.discover")
def discover() -> None:
    """Keep the catalogue up with the connected n8n: its nodes, and drafts of its workflows."""
    try:
        discovery.discover_nodes()
        discovery.discover_workflows()
    except (EngineError, UnderWay) as error:
        log.info("discovery_put_off", reason=str(error) or "another one is under way")
