"""From a run's rows to the frozen job that an engine gets."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from connectors import catalog, jobfiles, schemas
from connectors.models import Connector
from integrations.domain import Job, Source, SparkEntry
from integrations.engines.base import Engine
from integrations.masking import Mask
from integrations.models import DatasetVersion, Deployment, Integration, Run
from integrations.services import datasets, deployments, destinations, pushing, usage
from integrations.services.errors import Refused
from integrations.services.opening import Opened, opened


@dataclass(slots=True)
class Prepared:
    """A job, and what was resolved on the way to it."""

    job: Job
    mask: Mask
    deployment: Deployment | None = None
    versions: list[tuple[str, DatasetVersion]] = field(default_factory=list)


def prepare(run: Run, engine: Engine) -> Prepared:
    """Resolve credential, inputs and deployment of a run that is about to start.

    Raises `Busy`, `EngineError`, `vault.Unreadable`, or `Refused` when an input has no rows yet or
    an address leads where no integration may go, or when a file of the job is not as it was uploaded.
    """
    destinations.demand_allowed(run.integration)
    _demand_files(run.integration)
    sources, versions = datasets.sources(integration=run.integration)
    credential = _credential(run)
    deployment = deployments.ensure(run.integration, credential.data) if engine.needs_deployment else None
    usage.begun(run)
    job, mask = _job(run, credential, deployment, tuple(sources))
    return Prepared(job, mask, deployment, versions)


def resume(run: Run) -> Prepared:
    """Build the job of a run whose engine is already at work: nothing is provisioned, no input resolved anew."""
    job, mask = _job(run, _credential(run, is_underway=True), run.integration.deployment, ())
    return Prepared(job, mask)


def _credential(run: Run, *, is_underway: bool = False) -> Opened:
    credential = run.integration.credential
    if credential is None:
        return Opened()
    # They share it, and the run's was read together with it.
    credential.connector = run.integration.connector
    return opened(credential, is_underway=is_underway)


def _job(run: Run, credential: Opened, deployment: Deployment | None, sources: tuple[Source, ...]) -> tuple[Job, Mask]:
    integration = run.integration
    token, push = deployment.hook_token if deployment else "", pushing.of(run)
    job = Job(
        run_id=run.pk,
        attempt=run.attempt,
        tenant_id=run.tenant_id,
        connector=integration.connector.slug,
        config=integration.config,
        workspace=settings.RUNS_DIR / str(run.pk) / str(run.attempt),
        credential=credential.data,
        state=integration.state,
        inputs=sources,
        ref=deployment.ref if deployment else {},
        hook_token=token,
        template=deployment.template if deployment else {},
        spark=_spark(integration),
        push=push,
        asked_at=run.asked_at,
    )
    return job, Mask([*credential.secrets, *_own_secrets(integration), token, push.token if push else ""])


def _own_secrets(integration: Integration) -> list[str]:
    """Secrets among the settings themselves: a node of n8n may take a new user's password, say."""
    connector = integration.connector
    if connector.source != Connector.Source.NODE:
        return []
    return schemas.secrets(connector.config_schema, integration.config)


def _demand_files(integration: Integration) -> None:
    if row := integration.connector.spark_job:
        try:
            catalog.check_files(row)
        except jobfiles.Damaged as damaged:
            fix = "Upload the file again at /admin, under Spark jobs, or restore it from a backup."
            raise Refused("job_damaged", str(damaged), fix=fix) from damaged


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
