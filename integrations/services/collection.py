"""The datasets of a tenant as people look at them: where each comes from, who reads it, how its versions differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from integrations.models import Dataset, DatasetVersion, IntegrationInput, RunInput
from integrations.services import comparing, overview
from integrations.services.comparing import Change

MOST_NEIGHBOURS = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A version beside the one before it; the first one has nothing to differ from."""

    version: DatasetVersion
    more_rows: int | None
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Lineage:
    """`sources` are what the integration reads, `read` which of their versions went into this one."""

    sources: Sequence[IntegrationInput]
    read: Sequence[RunInput]
    readers: Sequence[IntegrationInput]

    @property
    def is_alone(self) -> bool:
        return not (self.sources or self.read or self.readers)


def datasets(text: str = "") -> QuerySet[Dataset]:
    """The entered tenant's datasets, the newest first; `text` is a part of an integration's name."""
    unseen = (f"integration__connector__{name}" for name in (*overview.NOT_SHOWN, "schema"))
    rows = Dataset.objects.filter(integration__deleted_at=None)
    rows = rows.select_related("latest", "integration__connector").defer("integration__config", *unseen)
    wanted = text.strip()
    return (rows.filter(integration__name__icontains=wanted) if wanted else rows).order_by("-created_at", "-id")


def versions(dataset: Dataset) -> QuerySet[DatasetVersion]:
    rows = DatasetVersion.objects.filter(dataset=dataset).select_related("run")
    return rows.defer("run__config", "run__log", "run__metrics").order_by("-created_at", "-id")


def history(dataset: Dataset, page: Sequence[DatasetVersion]) -> list[Step]:
    """Set each version of a page, which is in the order of `versions`, beside the one before it."""
    if not page:
        return []
    last = page[-1]
    older = versions(dataset).filter(created_at__lte=last.created_at).exclude(pk__in=[each.pk for each in page]).first()
    earlier: list[DatasetVersion | None] = [*page[1:], older]
    return [_step(version, before) for version, before in zip(page, earlier, strict=True)]


def lineage(dataset: Dataset, version: DatasetVersion | None) -> Lineage:
    living = {"dataset__integration__deleted_at": None, "integration__deleted_at": None}
    inputs = IntegrationInput.objects.filter(**living).select_related("dataset__integration", "integration")
    read = RunInput.objects.filter(run=version.run_id if version else None)
    return Lineage(
        sources=list(inputs.filter(integration=dataset.integration_id).order_by("name")[:MOST_NEIGHBOURS]),
        read=list(read.select_related("version__dataset__integration").order_by("name")[:MOST_NEIGHBOURS]),
        readers=list(inputs.filter(dataset=dataset).order_by("integration__name", "name")[:MOST_NEIGHBOURS]),
    )


def _step(version: DatasetVersion, before: DatasetVersion | None) -> Step:
    if before is None:
        return Step(version, None, [])
    return Step(version, version.rows - before.rows, comparing.columns(before.schema, version.schema))
