"""How integrations fare: the last run of each, and what that says. Four queries, however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from connectors import schemas
from connectors.models import Connector
from integrations.domain import RunState
from integrations.models import Dataset, DatasetVersion, Integration, Run

NOT_SHOWN = ("description", "readme", "template", "logo", "n8n_credentials", "test")
"""Long columns of a connector that no list of integrations needs."""
VERDICTS = (RunState.SUCCEEDED, RunState.FAILED, RunState.TIMED_OUT, RunState.LOST)
"""Ends that say something of the integration; a cancelled run says nothing."""


class Health(StrEnum):
    OK = "ok"
    FAILING = "failing"
    NEVER_RUN = "never_run"
    PAUSED = "paused"
    INCOMPLETE = "incomplete"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


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
    last, verdicts = _last_runs(page)
    datasets = _datasets(page)
    return [Overview(row, _health(row, verdicts.get(row.pk)), last.get(row.pk), datasets.get(row.pk)) for row in page]


def version_of(run: Run) -> DatasetVersion | None:
    """Return the version the run made; only a run that succeeded can have one."""
    if run.state != RunState.SUCCEEDED:
        return None
    return next(iter(run.versions.all()), None)


def _versions() -> Prefetch[Any, Any, Any]:
    return Prefetch("versions", DatasetVersion.everywhere.defer("schema"))


def _last_runs(page: Sequence[Integration]) -> tuple[dict[UUID, Run], dict[UUID, str]]:
    # One step down an index per integration, where a window function would read every run they ever had.
    newest = Run.everywhere.filter(integration=OuterRef("pk")).order_by("-queued_at", "-id")
    rows = Integration.everywhere.filter(pk__in=[row.pk for row in page]).order_by()
    found = rows.annotate(
        last=Subquery(newest.values("pk")[:1]),
        verdict=Subquery(newest.filter(state__in=VERDICTS).values("state")[:1]),
    ).values_list("pk", "last", "verdict")
    by_integration = {pk: (last, verdict) for pk, last, verdict in found if last}
    loaded = _load(last for last, _ in by_integration.values())
    return (
        {pk: loaded[last] for pk, (last, _) in by_integration.items() if last in loaded},
        {pk: verdict for pk, (_, verdict) in by_integration.items() if verdict},
    )


def _load(run_ids: Iterable[UUID]) -> dict[UUID, Run]:
    rows: QuerySet[Run] = Run.everywhere.filter(pk__in=list(run_ids)).prefetch_related(_versions())
    return {run.pk: run for run in rows}


def _datasets(page: Sequence[Integration]) -> dict[UUID, UUID]:
    rows = Dataset.everywhere.filter(integration__in=[row.pk for row in page]).order_by("-created_at")
    return dict(rows.values_list("integration_id", "pk"))


def _health(integration: Integration, verdict: str | None) -> Health:
    if _is_incomplete(integration):
        return Health.INCOMPLETE
    if not integration.enabled:
        return Health.PAUSED
    if verdict is None:
        return Health.NEVER_RUN
    return Health.OK if verdict == RunState.SUCCEEDED else Health.FAILING


def _is_incomplete(integration: Integration) -> bool:
    """Tell whether a run could not even be put together, as after a new version of the connector asks for more."""
    connector = integration.connector
    if schemas.validate(connector.config_schema, integration.config):
        return True
    if integration.credential_id or not schemas.has_fields(connector.credential_schema):
        return False
    return bool(schemas.validate(connector.credential_schema, schemas.defaults(connector.credential_schema, {})))
