"""The rows integrations produce: their versions, and what a run reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO

from django.db.models import QuerySet
from django.utils.translation import gettext

from integrations.domain import Json, Source
from integrations.models import Dataset, DatasetVersion, Integration, IntegrationInput, Run
from integrations.models.dataset import MAIN
from integrations.services import cells, storage
from integrations.services.cells import Grid
from integrations.services.errors import Refused
from integrations.services.landing.exporting import Form
from integrations.services.storage import Landed


def main() -> QuerySet[Dataset]:
    """The entered tenant's datasets without those that lie beside an integration's main one."""
    return Dataset.objects.filter(name=MAIN).select_related("latest")


def ensure(*, integration: Integration, name: str = MAIN) -> Dataset:
    """Return the integration's dataset of this name, making it if there is none yet."""
    dataset, _ = Dataset.everywhere.select_related("latest").get_or_create(
        integration=integration, name=name, defaults={"tenant_id": integration.tenant_id}
    )
    return dataset


def record(*, run: Run, landed: Landed, dataset: Dataset) -> DatasetVersion:
    """Make what has landed the dataset's newest version. Belongs into the transaction of the run's success."""
    version = DatasetVersion.everywhere.create(
        tenant_id=run.tenant_id,
        dataset=dataset,
        run=run,
        uri=landed.uri,
        format=landed.format,
        schema=landed.schema,
        rows=landed.rows,
        bytes=landed.bytes,
    )
    Dataset.everywhere.filter(pk=dataset.pk).update(latest=version)
    return version


def sources(*, integration: Integration) -> tuple[list[Source], list[tuple[str, DatasetVersion]]]:
    """Return what a run of the integration reads now: the newest version of each input, by name.

    Raises `Refused` when an input has none yet.
    """
    inputs = IntegrationInput.everywhere.filter(integration=integration)
    if not inputs.exists():  # as with most: a quarter of the time that the whole question takes
        return [], []
    read = []
    for item in inputs.select_related("dataset__latest", "dataset__integration").order_by("name"):
        if item.dataset.latest is None:
            producer = item.dataset.integration.name
            raise Refused(
                "input_without_rows",
                gettext("%(item)s has no rows yet.") % {"item": repr(item.name)},
                fix=gettext("Run %(producer)s, which brings them, first.") % {"producer": repr(producer)},
            )
        read.append((item.name, item.dataset.latest))
    return [Source(name, version.uri, version.format) for name, version in read], read


def preview(*, version: DatasetVersion | None, limit: int, offset: int = 0) -> Json:
    """Return {columns, rows, total} of a version; no version is no rows."""
    if version is None:
        return {"columns": [], "rows": [], "total": 0}
    return {**storage.preview(version.uri, limit=limit, offset=offset), "total": version.rows}


def grid(*, version: DatasetVersion | None, limit: int, offset: int = 0) -> Grid:
    """Return the same ready to be looked at."""
    return cells.grid(preview(version=version, limit=limit, offset=offset), offset=offset, limit=limit)


def is_there(version: DatasetVersion) -> bool:
    """Tell whether the file that holds the rows still is where it landed."""
    return storage.is_there(version.uri)


def export(*, version: DatasetVersion, form: Form) -> AbstractContextManager[BinaryIO]:
    """Open the rows as a file of that form."""
    return storage.exported(version.uri, form)


def profile(*, version: DatasetVersion | None) -> Sequence[Json]:
    """Describe each column of a version; no version has no columns."""
    return storage.profile(version.uri, version.rows) if version else []
