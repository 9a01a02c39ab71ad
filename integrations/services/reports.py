"""A run as people look at it: everything its page tells, in a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from integrations.domain import Failure, Json, Origin, RunState
from integrations.models import Dataset, DatasetVersion, Run
from integrations.models.dataset import MAIN
from integrations.services import comparing, datasets, expectations, overview, pushing, remedies, steps
from integrations.services.comparing import Change
from integrations.services.expectations import Bar
from integrations.services.remedies import Remedy
from integrations.services.steps import Step


@dataclass(frozen=True, slots=True)
class Report:
    run: Run
    version: DatasetVersion | None
    """What it made."""
    dataset: Dataset | None
    """What the integration has, whoever made it."""
    steps: list[Step]
    bar: Bar | None
    remedy: Remedy | None
    newer: UUID | None
    older: UUID | None
    pushed_pages: int
    """Pages of rows that its work has pushed; they land with its end, or never."""

    @property
    def side(self) -> Origin | None:
        """Whose side the failure is on."""
        return Failure.from_json(self.run.failure).origin if self.run.failure else None

    @property
    def is_retried(self) -> bool:
        """Whether the failure it shows is that of an earlier attempt, and another one comes."""
        return bool(self.run.failure) and not self.run.is_final


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run beside the last one of its integration that went well before it."""

    run: Run
    good: Run
    settings: list[Change]
    columns: list[Change] | None
    """None where one of the two has no rows to compare."""

    @property
    def more_rows(self) -> int | None:
        return None if self.run.rows is None else self.run.rows - (self.good.rows or 0)

    @property
    def has_other_connector(self) -> bool:
        return self.run.connector_version != self.good.connector_version


def run() -> QuerySet[Run]:
    """The entered tenant's runs, to find one with what its page reads."""
    return overview.run().select_related("requested_by", "integration__credential")


def report(run: Run) -> Report:
    newer, older = _neighbours(run)
    return Report(
        run=run,
        version=overview.version_of(run),
        dataset=datasets.main().filter(integration=run.integration_id).first(),
        steps=steps.steps(run),
        bar=expectations.bar(run),
        remedy=remedies.remedy(run),
        newer=newer,
        older=older,
        pushed_pages=0 if run.is_final else pushing.pages(run),
    )


def comparison(run: Run) -> Comparison | None:
    """Compare with the last run that went well before this one; None when there was none."""
    whole = Prefetch("versions", DatasetVersion.everywhere.filter(dataset__name=MAIN))
    rows = Run.objects.filter(integration=run.integration_id, state=RunState.SUCCEEDED)
    good = rows.filter(_before(run)).prefetch_related(whole).order_by("-queued_at", "-id").first()
    if good is None:
        return None
    mine, theirs = _schema(run), _schema(good)
    columns = None if mine is None or theirs is None else comparing.columns(theirs, mine)
    return Comparison(run, good, comparing.settings(good.config, run.config), columns)


def _schema(run: Run) -> list[Json] | None:
    version = overview.version_of(run)
    return version.schema if version else None


def _neighbours(run: Run) -> tuple[UUID | None, UUID | None]:
    """The runs of the same integration right after and right before."""
    mine = Run.objects.filter(integration=run.integration_id)
    after = Q(queued_at__gt=run.queued_at) | Q(queued_at=run.queued_at, id__gt=run.pk)
    ids = mine.values_list("pk", flat=True)
    newer = ids.filter(after, queued_at__gte=run.queued_at).order_by("queued_at", "id").first()
    older = ids.filter(_before(run)).order_by("-queued_at", "-id").first()
    return newer, older


def _before(run: Run) -> Q:
    # The first half alone bounds the index; the second settles ties.
    earlier = Q(queued_at__lt=run.queued_at) | Q(queued_at=run.queued_at, id__lt=run.pk)
    return Q(queued_at__lte=run.queued_at) & earlier
