"""What engines hold for us: made before the first run, mended before the next, removed with the last user."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.domain import EngineError, Json, Plan
from integrations.engines import registry
from integrations.models import UNDER_WAY, Deployment, Integration, Run
from integrations.services.errors import Busy

log = structlog.get_logger(__name__)

CLAIM_SECONDS = 60
RETRY_SECONDS = 15


def ensure(integration: Integration, credential: Json) -> Deployment:
    """Return the integration's deployment as its engine has it, provisioned now if anything changed.

    `credential` is the integration's, with what its references point at.

    Raises `Busy` while another worker provisions it, or the engine's `EngineError`.
    """
    deployment = integration.deployment or _attach(integration)
    _take_template(deployment, integration)
    fingerprint = _fingerprint(deployment, integration, credential)
    if deployment.fingerprint != fingerprint:
        _provision(deployment, integration, credential, fingerprint)
    return deployment


def distrust(deployment: Deployment) -> None:
    """Have the next `ensure` provision again: the engine says that it lost what it held."""
    Deployment.everywhere.filter(pk=deployment.pk).update(fingerprint="")
    deployment.fingerprint = ""


def leave(integration: Integration) -> None:
    """Take the integration off its deployment, and retire that when this was its last user."""
    deployment_id, integration.deployment = integration.deployment_id, None
    Integration.everywhere.filter(pk=integration.pk).update(deployment=None)
    if deployment_id and not Integration.everywhere.filter(deployment_id=deployment_id).exists():
        now = timezone.now()
        Deployment.everywhere.filter(pk=deployment_id).update(retired_at=now, due_at=now)


def remove_due(limit: int = 10) -> None:
    """Remove retired deployments from their engines; one that fails is tried again later."""
    now = timezone.now()
    for deployment in Deployment.everywhere.filter(due_at__lte=now)[:limit]:
        later = now + timedelta(seconds=CLAIM_SECONDS)
        if Deployment.everywhere.filter(pk=deployment.pk, due_at=deployment.due_at).update(due_at=later):
            _remove(deployment)


def key_of(integration: Integration) -> str:
    """Name what integrations share: connector, version and credential."""
    return f"{integration.connector.slug}@{integration.connector_version}:{integration.credential_id or '-'}"


def _attach(integration: Integration) -> Deployment:
    key = key_of(integration)
    found = Deployment.everywhere.filter(tenant_id=integration.tenant_id, key=key, retired_at=None).first()
    deployment = found or _create(integration, key)
    Integration.everywhere.filter(pk=integration.pk).update(deployment=deployment)
    integration.deployment = deployment
    return deployment


def _create(integration: Integration, key: str) -> Deployment:
    try:
        with transaction.atomic():
            return Deployment.everywhere.create(
                tenant_id=integration.tenant_id,
                connector=integration.connector,
                connector_version=integration.connector_version,
                credential=integration.credential,
                engine=integration.connector.type,
                key=key,
                hook_token=secrets.token_urlsafe(32),
            )
    except IntegrityError:  # another worker's first run made it
        return Deployment.everywhere.get(tenant_id=integration.tenant_id, key=key, retired_at=None)


def _take_template(deployment: Deployment, integration: Integration) -> None:
    connector = integration.connector
    if connector.version == integration.connector_version or not deployment.template:
        deployment.template, deployment.credential_map = connector.template, connector.n8n_credentials


def _fingerprint(deployment: Deployment, integration: Integration, credential: Json) -> str:
    row = integration.credential
    given = [
        deployment.template,
        deployment.credential_map,
        str(row.pk) if row else None,
        row.revision if row else None,
    ]
    if row and credential != row.data:
        given.append(_seal_of(credential, deployment))
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def _seal_of(credential: Json, deployment: Deployment) -> str:
    """Tell whether what references point at has changed, in a way from which nobody can guess it."""
    text = json.dumps(credential, sort_keys=True).encode()
    return hmac.new(deployment.hook_token.encode(), text, hashlib.sha256).hexdigest()


def _provision(deployment: Deployment, integration: Integration, credential: Json, fingerprint: str) -> None:
    now = timezone.now()
    mine = Deployment.everywhere.filter(pk=deployment.pk)
    until = now + timedelta(seconds=CLAIM_SECONDS)
    if not mine.filter(Q(claimed_until=None) | Q(claimed_until__lt=now)).update(claimed_until=until):
        raise Busy
    try:
        deployment.ref = registry.get(deployment.engine).provision(_plan(deployment, integration, credential))
    except EngineError:
        mine.update(claimed_until=None)
        raise
    deployment.fingerprint = fingerprint
    mine.update(
        ref=deployment.ref,
        fingerprint=fingerprint,
        template=deployment.template,
        credential_map=deployment.credential_map,
        claimed_until=None,
    )


def _plan(deployment: Deployment, integration: Integration, credential: Json) -> Plan:
    row = integration.credential
    return Plan(
        key=str(deployment.pk),
        name=f"{integration.connector.name} · {row.name if row else 'no credential'}",
        template=deployment.template,
        credential_map=deployment.credential_map,
        credential_id=row.pk if row else None,
        credential=credential,
        hook_token=deployment.hook_token,
        ref=deployment.ref,
    )


def _remove(deployment: Deployment) -> None:
    row = Deployment.everywhere.filter(pk=deployment.pk)
    if Run.everywhere.filter(UNDER_WAY, deployment=deployment).exists():
        row.update(due_at=timezone.now() + timedelta(seconds=1))
        return
    try:
        # The key finds what a worker made that died before it could write the ref.
        registry.get(deployment.engine).deprovision({**deployment.ref, "key": str(deployment.pk)})
    except EngineError as error:
        log.warning("deployment_not_removed", deployment=str(deployment.pk), reason=str(error))
        row.update(due_at=timezone.now() + timedelta(seconds=RETRY_SECONDS))
    else:
        row.delete()
