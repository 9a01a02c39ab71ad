"""Integrations as a list: narrowed by how they fare, counted by it, each with the strip of its latest runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from integrations.domain import RunState
from integrations.models import UNDER_WAY, Integration, IntegrationInput, Run
from integrations.services import overview
from integrations.services.overview import Health, Overview

STRIP = 14
ORDERS = {"": ("-created_at", "-id"), "name": ("name", "id")}
RUNNING = "running"
HEALTHS: dict[str, Q] = {
    Health.OK: Q(is_incomplete=False, enabled=True, verdict=RunState.SUCCEEDED),
    Health.FAILING: Q(is_incomplete=False, enabled=True) & ~Q(verdict__in=("", RunState.SUCCEEDED)),
    Health.NEVER_RUN: Q(is_incomplete=False, enabled=True, verdict=""),
    Health.PAUSED: Q(is_incomplete=False, enabled=False),
    Health.INCOMPLETE: Q(is_incomplete=True),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for."""

    text: str = ""
    health: str = ""
    connector: str = ""
    sort: str = ""

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.health or self.connector)


@dataclass(frozen=True, slots=True)
class Row:
    """An integration with all that its line in the list shows."""

    overview: Overview
    latest: Sequence[Run]
    """Its latest runs, the oldest first."""

    @property
    def integration(self) -> Integration:
        return self.overview.integration


def found(wish: Wish) -> QuerySet[Integration]:
    rows = overview.integrations().select_related("credential").order_by(*ORDERS.get(wish.sort, ORDERS[""]))
    if wish.text:
        rows = rows.filter(Q(name__icontains=wish.text) | Q(connector__name__icontains=wish.text))
    if wish.connector:
        rows = rows.filter(connector__slug=wish.connector)
    if wish.health == RUNNING:
        return rows.filter(pk__in=_running())
    return rows.filter(HEALTHS[wish.health]) if wish.health in HEALTHS else rows


def counts() -> dict[str, int]:
    """How many integrations there are, in all (""), by health, and how many have a run under way."""
    mine = Integration.objects.filter(deleted_at=None).order_by()
    numbers: dict[str, Any] = {name: Count("pk", filter=only) for name, only in HEALTHS.items()}
    counted = mine.aggregate(all=Count("pk"), **numbers)
    return {"": counted.pop("all"), **counted, RUNNING: mine.filter(pk__in=_running()).count()}


def rows(page: Sequence[Integration]) -> list[Row]:
    latest = _latest(page)
    return [Row(each, latest.get(each.integration.pk, ())) for each in overview.of(page)]


def readers(integration: Integration) -> list[str]:
    """The names of those that read its rows: while there are any, it is not deleted."""
    inputs = IntegrationInput.objects.filter(dataset__integration=integration, integration__deleted_at=None)
    others = inputs.exclude(integration=integration)
    return sorted(set(others.values_list("integration__name", flat=True)))


def _running() -> QuerySet[Run, UUID]:
    return Run.objects.filter(UNDER_WAY).order_by().values_list("integration_id", flat=True)


def _latest(page: Sequence[Integration]) -> dict[UUID, list[Run]]:
    """The latest runs of each, the oldest first, in two queries that go down an index once per integration."""
    newest = Run.everywhere.filter(integration=OuterRef("pk")).order_by("-queued_at", "-id")
    shown = Integration.everywhere.filter(pk__in=[row.pk for row in page]).order_by()
    since = shown.annotate(since=Subquery(newest.values("queued_at")[STRIP - 1 : STRIP])).values_list("pk", "since")
    wanted = [Q(integration=pk, queued_at__gte=moment) if moment else Q(integration=pk) for pk, moment in since]
    if not wanted:
        return {}
    fields = ("integration_id", "state", "queued_at", "started_at", "finished_at", "rows", "cancel_requested_at")
    by_integration: dict[UUID, list[Run]] = defaultdict(list)
    # In no order: to have one, the database would go through the runs of all integrations by their age.
    for run in Run.everywhere.filter(reduce(or_, wanted)).order_by().only(*fields):
        by_integration[run.integration_id].append(run)
    return {pk: sorted(runs, key=lambda run: (run.queued_at, run.id))[-STRIP:] for pk, runs in by_integration.items()}
