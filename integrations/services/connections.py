"""Does it connect? Tests of integrations and credentials, step by step, without running anything."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext

from connectors import schemas
from connectors.models import Connector
from integrations.domain import EngineError, Json, Plan, Verdict
from integrations.engines import registry
from integrations.masking import Mask
from integrations.models import Credential, Integration
from integrations.services.errors import Busy, Refused
from integrations.services.oauth2.errors import SignInError
from integrations.services.opening import Opened, opened
from integrations.services.probes import OnStage, Probe, Stage
from tenants.models import User
from tenants.services import audit

LONGEST_SECONDS = 8.0
WAIT_SECONDS = 2.0
"""For another worker that renews the token; asking for one takes `exchange.SECONDS` at most."""


@dataclass(frozen=True, slots=True)
class Report:
    stages: Sequence[Stage]
    seconds: float

    @property
    def ok(self) -> bool:
        return all(stage.ok for stage in self.stages)

    def as_json(self) -> Json:
        """For whoever keeps it: no secret is in it."""
        stages = [{**asdict(stage), "label": stage.label} for stage in self.stages]
        return {"ok": self.ok, "seconds": self.seconds, "stages": stages}

    @property
    def is_credential_good(self) -> bool | None:
        """What the test says of the credential; None when it did not come so far."""
        return next((stage.ok for stage in self.stages if stage.name == "authenticate"), None)


def try_integration(*, integration: Integration, by: User | None) -> Report:
    """Raises `Refused` when there is nothing to test, `vault.Unreadable`."""
    report = _tested(integration.connector, integration.credential, integration.config)
    tenant_id, used = integration.tenant_id, integration.credential
    audit.record(tenant_id=tenant_id, actor=by, verb="tested", subject=integration, after=_summary(report))
    if used:
        after = {"integration": integration.name, "trigger": "test"}
        audit.record(tenant_id=tenant_id, actor=by, verb="used", subject=used, after=after)
    return report


def try_credential(*, credential: Credential, by: User | None, on_stage: OnStage | None = None) -> Report:
    """Test it with the settings of the integration that uses it: its own may not say where to go. Raises as above."""
    user = Integration.everywhere.filter(credential=credential, deleted_at=None).order_by("-updated_at").first()
    report = _tested(credential.connector, credential, user.config if user else {}, on_stage)
    audit.record(tenant_id=credential.tenant_id, actor=by, verb="tested", subject=credential, after=_summary(report))
    return report


def can_test(connector: Connector) -> bool:
    """Tell whether there may be something to test; the values may still say nowhere to go."""
    return bool(connector.test.get("url") or connector.n8n_credentials)


def try_values(
    *, connector: Connector, credential: Credential | None, config: Json, on_stage: OnStage | None = None
) -> Report:
    """Test what nobody has kept yet; the credential may be a row that is not saved. Raises as `try_integration`."""
    return _tested(connector, credential, config, on_stage)


def _tested(
    connector: Connector, credential: Credential | None, config: Json, on_stage: OnStage | None = None
) -> Report:
    began = time.monotonic()
    try:
        credential_as_sent = open_now(credential) if credential else Opened()
        stages = _stages(connector, credential_as_sent, config, LONGEST_SECONDS - (time.monotonic() - began), on_stage)
    except SignInError as error:
        stages = [Stage(error.stage, False, round(time.monotonic() - began, 4), str(error), error.failure.fix)]
    if stages is None:
        raise Refused(
            "nothing_to_test",
            gettext(
                "%(connector)s has no test of its connection, or there is no integration yet that says where to go."
            )
            % {"connector": connector.name},
            fix=gettext("Run an integration to try it."),
        )
    report = Report(stages, round(time.monotonic() - began, 4))
    if credential:
        _note(credential, report)
    return report


def open_now(credential: Credential) -> Opened:
    try:
        return opened(credential, wait_seconds=WAIT_SECONDS)
    except SignInError:
        raise
    except Busy:
        raise Refused(
            "busy", gettext("The credential's token is being renewed."), fix=gettext("Test again in a moment.")
        ) from None
    except EngineError as error:
        raise Refused("secret_not_found", error.failure.message, fix=error.failure.fix) from error


def _stages(
    connector: Connector, credential: Opened, config: Json, seconds: float, on_stage: OnStage | None
) -> list[Stage] | None:
    return _probed(connector, credential, config, seconds, on_stage) or _asked_engine(connector, credential, seconds)


def _probed(
    connector: Connector, credential: Opened, config: Json, seconds: float, on_stage: OnStage | None
) -> list[Stage] | None:
    if not connector.test:
        return None
    filled = schemas.defaults(connector.config_schema, config)
    values = {"credential": credential.data, "config": filled}
    probe = Probe(connector.test, values, Mask(credential.secrets))
    return probe.run(seconds, on_stage) if probe.url else None


def _asked_engine(connector: Connector, credential: Opened, seconds: float) -> list[Stage] | None:
    """Have the engine test the credential its own way."""
    plan = Plan(
        key=str(uuid4()),
        name=f"Test of {connector.name}",
        template=connector.template,
        credential_map=connector.n8n_credentials,
        credential=credential.data,
    )
    began = time.monotonic()
    try:
        verdict = registry.get(connector.type).test(plan, seconds)
    except EngineError as error:
        # It says nothing of the credential, and what an engine says may hold anything.
        verdict = Verdict(False, "The engine that would test it cannot be asked now.", "connect", error.failure.fix)
    if verdict is None:
        return None
    mask = Mask(credential.secrets)
    took = round(time.monotonic() - began, 4)
    return [Stage(verdict.step, verdict.is_ok, took, mask.text(verdict.message), verdict.fix)]


def _note(credential: Credential, report: Report) -> None:
    """Keep what came of it with the credential, unless that was changed meanwhile."""
    if report.is_credential_good is None or credential._state.adding:
        return
    row = Credential.everywhere.filter(pk=credential.pk, revision=credential.revision)
    if report.is_credential_good:
        row.update(status=Credential.Status.VERIFIED, verified_at=timezone.now())
    else:
        row.update(status=Credential.Status.REJECTED)


def _summary(report: Report) -> Json:
    failed = next((stage.name for stage in report.stages if not stage.ok), None)
    return {"ok": report.ok, "failed": failed}
