"""Which integration reads whose rows: the order that follows from it, and the runs that new rows start."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import structlog

from integrations.domain import Trigger
from integrations.models import Dataset, DatasetVersion, Integration, IntegrationInput, Run
from integrations.services import requests
from integrations.services.errors import Refused

log = structlog.get_logger(__name__)


def follow(version: DatasetVersion) -> list[Run]:
    """Queue a run of every integration that waits for this dataset's new rows, once per version; return the new."""
    readers = Integration.everywhere.filter(
        inputs__dataset=version.dataset_id, on_new_data=True, enabled=True, deleted_at=None
    )
    if not readers.exists():
        return []
    runs = []
    for reader in readers.select_related("connector").distinct():
        try:
            run, is_new = requests.request(
                integration=reader, trigger=Trigger.NEW_DATA, idempotency_key=f"data:{version.pk}"
            )
        except Refused as refusal:
            log.warning("reader_not_started", integration=str(reader.pk), reason=refusal.detail)
            continue
        if is_new:
            runs.append(run)
    return runs


def circle(integration_id: UUID, dataset_ids: Iterable[UUID]) -> list[str]:
    """Names of the integrations on the way from the datasets back to the integration; empty when there is no way."""
    seen: dict[UUID, str] = {}
    producers = _producers(dataset_ids)
    while producers:
        seen |= producers
        if integration_id in producers:
            return list(seen.values())
        read = IntegrationInput.everywhere.filter(integration__in=producers).values_list("dataset_id", flat=True)
        producers = {key: name for key, name in _producers(read).items() if key not in seen}
    return []


def _producers(dataset_ids: Iterable[UUID]) -> dict[UUID, str]:
    rows = Dataset.everywhere.filter(pk__in=list(dataset_ids))
    return dict(rows.values_list("integration_id", "integration__name"))
