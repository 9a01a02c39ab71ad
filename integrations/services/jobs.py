"""From a run's rows to the frozen job that an engine gets."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from connectors import catalog, schemas
from integrations.domain import Job, Source, SparkEntry
from integrations.engines.base import Engine
from integrations.masking import Mask
from integrations.models import Credential, DatasetVersion, Deployment, Integration, Run
from integrations.services import datasets, deployments
from tenants.services import audit

USED_SECONDS = 60


@dataclass(slots=True)
class Prepared:
    """A job, and what was resolved on the way to it."""

    job: Job
    mask: Mask
    deployment: Deployment | None = None
    versions: list[tuple[str, DatasetVersion]] = field(default_factory=list)


def prepare(run: Run, engine: Engine) -> Prepared:
    """Resolve credential, inputs and deployment of a run that is about to start.

    Raises `deployments.Busy`, `EngineError`, `vault.Unreadable`, or `Refused` when an input has no rows yet.
    """
    sources, versions = datasets.sources(integration=run.integration)
    deployment = deployments.ensure(run.integration) if engine.needs_deployment else None
    if run.integration.credential:
        _note_use(run, run.integration.credential)
    job, mask = _job(run, deployment, tuple(sources))
    return Prepared(job, mask, deployment, versions)


def resume(run: Run) -> Prepared:
    """Build the job of a run whose engine is already at work: nothing is provisioned, no input resolved anew."""
    job, mask = _job(run, run.integration.deployment, ())
    return Prepared(job, mask)


def _job(run: Run, deployment: Deployment | None, sources: tuple[Source, ...]) -> tuple[Job, Mask]:
    integration = run.integration
    credential = integration.credential.data if integration.credential else {}
    token = deployment.hook_token if deployment else ""
    job = Job(
        run_id=run.pk,
        attempt=run.attempt,
        tenant_id=run.tenant_id,
        connector=integration.connector.slug,
        config=integration.config,
        workspace=settings.RUNS_DIR / str(run.pk) / str(run.attempt),
        credential=credential,
        state=integration.state,
        inputs=sources,
        ref=deployment.ref if deployment else {},
        hook_token=token,
        spark=_spark(integration),
        asked_at=run.asked_at,
    )
    secrets = schemas.secrets(integration.connector.credential_schema, credential)
    return job, Mask([*secrets, token] if token else secrets)


def _spark(integration: Integration) -> SparkEntry | None:
    row = integration.connector.spark_job
    if row is None:
        return None
    return SparkEntry(
        kind=row.kind,
        entry=catalog.entry_path(row),
        main_class=row.main_class,
        py_files=tuple(catalog.py_file_paths(row)),
        packages=tuple(row.packages),
        conf=row.conf,
    )


def _note_use(run: Run, credential: Credential) -> None:
    """Note the use: in the trail once a run, and on the credential at most once a minute, for every write costs."""
    after = {"integration": run.integration.name, "trigger": run.trigger}
    audit.note_use(subject=credential, tenant_id=run.tenant_id, actor=run.requested_by, user=run, after=after)
    now = timezone.now()
    if credential.last_used_at is None or (now - credential.last_used_at).total_seconds() > USED_SECONDS:
        Credential.everywhere.filter(pk=credential.pk).update(last_used_at=now)
