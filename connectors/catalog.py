"""The catalogue: folders become rows, rows are found by those who may use them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from connectors import evidence, folders, jobfiles
from connectors import search as search_index
from connectors.evidence import Ran
from connectors.manifest import Broken, Manifest, Problem, SparkPart
from connectors.models import Connector, SparkJob
from connectors.search import Index

BUILTIN = Path(__file__).resolve().parent / "builtin"
_SHOWN = (Connector.Status.PUBLISHED, Connector.Status.DEPRECATED, Connector.Status.HIDDEN)
_HEAVY = ("template", "readme", "logo", "n8n_credentials", "oauth2", "test")


@dataclass(slots=True)
class Report:
    """What a sync did, by slug. `changed` names the fields, `broken` what is wrong with a folder that was left out."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    unchanged: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    broken: dict[str, tuple[Problem, ...]] = field(default_factory=dict)


def sync(builtin: Path = BUILTIN) -> Report:
    """Bring the rows up to the folders, each folder by itself: a broken one keeps its old row and stops no other.

    Rows whose folder is gone are hidden, never deleted: integrations and past runs point at them.
    """
    report = Report()
    found = folders.find(builtin)
    for folder in found:
        try:
            _sync_folder(folder, builtin, report)
        except Broken as error:
            report.broken[folder.name] = error.problems
    _hide_missing([folder.name for folder in found], report)
    return report


def available(tenant_id: UUID | None) -> QuerySet[Connector]:
    """What a tenant may choose from."""
    return _for(tenant_id).filter(status=Connector.Status.PUBLISHED)


def shown(tenant_id: UUID | None) -> QuerySet[Connector]:
    """What a tenant may look at: also what it can no longer choose, because its integrations may still use it."""
    return _for(tenant_id).filter(status__in=_SHOWN)


def search(tenant_id: UUID | None, text: str) -> list[UUID]:
    """Ids of the available connectors that the text is about, best first: words, their beginnings, and typos."""
    return index(tenant_id).find(text)


def index(tenant_id: UUID | None) -> Index:
    return search_index.index_of(available(tenant_id), f"available {tenant_id}")


def in_category(rows: QuerySet[Connector], category: str) -> QuerySet[Connector]:
    return rows.annotate(category_text=Cast("categories", TextField())).filter(category_text__contains=f'"{category}"')


def light(rows: QuerySet[Connector]) -> QuerySet[Connector]:
    """Without the columns that no list shows."""
    return rows.defer(*_HEAVY)


def entry_path(spark_job: SparkJob) -> str:
    """Where the job's script, jar or query is: an absolute path or a URI."""
    return path_of(spark_job.entry)


def py_file_paths(spark_job: SparkJob) -> tuple[str, ...]:
    return tuple(path_of(file) for file in spark_job.py_files)


def check_files(spark_job: SparkJob) -> None:
    """Raise `jobfiles.Damaged` when a file that somebody gave is not there as it was given."""
    for file in (spark_job.entry, *spark_job.py_files):
        if jobfiles.is_kept(file):
            jobfiles.verify(file)


def path_of(file: str) -> str:
    if jobfiles.is_kept(file):
        return str(jobfiles.place(file))
    return file if "://" in file else str(BUILTIN / file)


def _for(tenant_id: UUID | None) -> QuerySet[Connector]:
    return Connector.objects.filter(Q(tenant_id=None) | Q(tenant_id=tenant_id))


def _sync_folder(folder: Path, root: Path, report: Report) -> None:
    manifest = folders.read(folder)
    with transaction.atomic():
        row = Connector.objects.select_for_update().filter(slug=manifest.slug).first()
        if row is not None and row.source != Connector.Source.BUILTIN:
            taken = f"The slug belongs to {row.name} ({row.get_source_display()}): rename the folder or that connector."
            raise Broken([Problem("connector.json", "/slug", taken)])
        ran = evidence.read(folder)
        changed = _write(row or _new(manifest), manifest, _places(manifest, folder, root), ran)
    if row is None:
        report.created.append(manifest.slug)
    elif changed:
        report.changed[manifest.slug] = changed
    else:
        report.unchanged.append(manifest.slug)


def _new(manifest: Manifest) -> Connector:
    return Connector(slug=manifest.slug, source=Connector.Source.BUILTIN, status=Connector.Status.PUBLISHED)


def put(row: Connector, manifest: Manifest, places: dict[str, str]) -> None:
    """Write what a folder says to its row; `places` are the job's files by their path in the folder.

    Only the hub's own tests are evidence, so what comes from elsewhere is untested, whatever the folder holds.
    """
    _write(row, manifest, places, ran=())


def _write(row: Connector, manifest: Manifest, places: dict[str, str], ran: tuple[Ran, ...]) -> list[str]:
    """Write what differs; returns the names of the fields that do."""
    changed = []
    if manifest.spark is not None:
        job, job_changed = _spark_job(row, manifest.spark, places)
        changed = ["spark"] if job_changed or row.spark_job_id != job.pk else []
        row.spark_job = job
    values = _values(manifest) | {"tier": evidence.tier(ran), "evidence": evidence.summary(ran)}
    # Hidden by a person stays hidden; hidden because its folder was gone comes back with the folder.
    if row.missing_since is not None:
        values |= {"status": Connector.Status.PUBLISHED, "missing_since": None}
    changed += _apply(row, values)
    if changed or row._state.adding:
        row.save()
    return changed


def _places(manifest: Manifest, folder: Path, root: Path) -> dict[str, str]:
    # Relative to the built-in folders, so that every host finds it in its own checkout.
    base = Path(manifest.slug) if root == BUILTIN else folder.resolve()
    return {file: str(base / file) for file in manifest.spark.files} if manifest.spark else {}


def _values(manifest: Manifest) -> dict[str, Any]:
    return {
        "name": manifest.name,
        "summary": manifest.summary,
        "description": manifest.description,
        "readme": manifest.readme,
        "categories": list(manifest.categories),
        "type": manifest.type,
        "version": manifest.version,
        "schema": manifest.schema,
        "template": manifest.template,
        "n8n_credentials": manifest.n8n_credentials,
        "oauth2": manifest.oauth2,
        "test": manifest.test,
        "logo": manifest.logo,
        "docs_url": manifest.docs_url,
    }


def _spark_job(row: Connector, part: SparkPart, places: dict[str, str]) -> tuple[SparkJob, bool]:
    job = _own_job(row)
    changed = _apply(
        job,
        {
            "kind": part.kind,
            "entry": places.get(part.entry, part.entry),
            "main_class": part.main_class,
            "py_files": [places.get(file, file) for file in part.py_files],
            "packages": list(part.packages),
            "conf": part.conf,
        },
    )
    if changed:
        job.save()
    return job, bool(changed)


def _own_job(row: Connector) -> SparkJob:
    """The job that the connector has to itself; one that others use too stays as it is."""
    job = row.spark_job
    if job and not Connector.objects.filter(spark_job=job).exclude(pk=row.pk).exists():
        return job
    taken = set(SparkJob.objects.filter(name__startswith=row.slug).values_list("name", flat=True))
    names = (row.slug, *(f"{row.slug} {number}" for number in range(2, len(taken) + 3)))
    return SparkJob(name=next(name for name in names if name not in taken))


def _apply(row: Connector | SparkJob, values: dict[str, Any]) -> list[str]:
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _hide_missing(present: list[str], report: Report) -> None:
    rows = Connector.objects.filter(source=Connector.Source.BUILTIN, missing_since=None).exclude(slug__in=present)
    for row in rows.order_by("slug"):
        row.status, row.missing_since = Connector.Status.HIDDEN, timezone.now()
        row.save(update_fields=["status", "missing_since", "updated_at"])
        report.hidden.append(row.slug)
