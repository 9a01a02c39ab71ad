"""How integrations fare: the last run of each, and what is known of them. Few queries, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from connectors.models import Connector
from integrations.domain import RunState
from integrations.models import Dataset, DatasetVersion, Integration, Run
from integrations.models.dataset import MAIN
from integrations.services import completeness

NOT_SHOWN = ("description", "readme", "template", "logo", "n8n_credentials", "test")
"""Long columns of a connector that no list of integrations needs."""


class Health(StrEnum):
    OK = "ok"
    FAILING = "failing"
    NEVER_RUN = "never_run"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"

    @property
    def label(self) -> str:
        return str(_LOOKS[self][2])

    @property
    def tone(self) -> str:
        return _LOOKS[self][0]

    @property
    def icon(self) -> str:
        return _LOOKS[self][1]


_LOOKS = {
    Health.OK: ("good", "circle-check", _("Healthy")),
    Health.FAILING: ("bad", "circle-x", _("Failing")),
    Health.NEVER_RUN: ("idle", "circle-dashed", _("Never run")),
    Health.PAUSED: ("idle", "player-pause", _("Paused")),
    Health.INCOMPLETE: ("warn", "alert-triangle", _("Incomplete")),
}


@dataclass(frozen=True, slots=True)
class Overview:
    """An integration with what a list says about it."""

    integration: Integration
    health: Health
    last_run: Run | None
    dataset_id: UUID | None


def integrations() -> QuerySet[Integration]:
    """The entered tenant's integrations; many of them share few connectors, so each connector is read once."""
    return Integration.objects.filter(deleted_at=None).prefetch_related(connectors())


def integration() -> QuerySet[Integration]:
    """The same to find one of them, in one query."""
    rows = Integration.objects.filter(deleted_at=None).select_related("connector")
    return rows.defer(*(f"connector__{name}" for name in NOT_SHOWN))


def connectors() -> Prefetch[Any, Any, Any]:
    return Prefetch("connector", Connector.objects.defer(*NOT_SHOWN))


def runs() -> QuerySet[Run]:
    """The entered tenant's runs, with the versions they made."""
    return Run.objects.prefetch_related(_versions())


def run() -> QuerySet[Run]:
    """The same to find one of them, with what its log needs."""
    rows = runs().select_related("integration__connector")
    return rows.defer(*(f"integration__connector__{name}" for name in NOT_SHOWN))


def of(page: Sequence[Integration]) -> list[Overview]:
    last, datasets = _last_runs(page), _datasets(page)
    return [Overview(row, health_of(row), last.get(row.pk), datasets.get(row.pk)) for row in page]


def version_of(run: Run) -> DatasetVersion | None:
    """Return the version the run made; only a run that succeeded can have one."""
    if run.state != RunState.SUCCEEDED:
        return None
    return next(iter(run.versions.all()), None)


def _versions() -> Prefetch[Any, Any, Any]:
    return Prefetch("versions", DatasetVersion.everywhere.filter(dataset__name=MAIN).defer("schema"))


def _last_runs(page: Sequence[Integration]) -> dict[UUID, Run]:
    # One step down an index per integration, where a window function would read every run they ever had.
    newest = Run.everywhere.filter(integration=OuterRef("pk")).order_by("-queued_at", "-id")
    rows = Integration.everywhere.filter(pk__in=[row.pk for row in page]).order_by()
    found = dict(rows.annotate(last=Subquery(newest.values("pk")[:1])).values_list("pk", "last"))
    loaded = _load(last for last in found.values() if last)
    return {pk: loaded[last] for pk, last in found.items() if last in loaded}


def _load(run_ids: Iterable[UUID]) -> dict[UUID, Run]:
    rows: QuerySet[Run] = Run.everywhere.filter(pk__in=list(run_ids)).prefetch_related(_versions())
    return {run.pk: run for run in rows}


def _datasets(page: Sequence[Integration]) -> dict[UUID, UUID]:
    rows = Dataset.everywhere.filter(integration__in=[row.pk for row in page], name=MAIN)
    return dict(rows.values_list("integration_id", "pk"))


def health_of(integration: Integration) -> Health:
    if not completeness.is_complete(integration):
        return Health.INCOMPLETE
    if not integration.enabled:
        return Health.PAUSED
    if not integration.verdict:
        return Health.NEVER_RUN
    return Health.OK if integration.verdict == RunState.SUCCEEDED else Health.FAILING
