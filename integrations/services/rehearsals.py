"""What would a run do now? Everything that it needs is looked at, and nothing is started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext

from connectors import schemas
from integrations.domain import EngineError, Failure, Json
from integrations.engines import registry
from integrations.models import DatasetVersion, Integration
from integrations.services import datasets, destinations, failures, references, requests
from integrations.services.errors import Invalid, Refused
from integrations.vault import Unreadable

CHECKS = ("settings", "credential", "addresses", "inputs", "engine")


@dataclass(frozen=True, slots=True)
class Check:
    """`detail` says what is wrong and `fix` what to do; both are empty when all is well."""

    name: str
    ok: bool
    detail: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`config` is what the run would be given, secrets masked; `inputs` are the versions it would read."""

    config: Json
    inputs: Sequence[tuple[str, DatasetVersion]]
    checks: Sequence[Check]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


def rehearse(*, integration: Integration) -> Rehearsal:
    """Look at each thing by itself, so that all that is wrong is told at once. Raises `Refused` as a run would."""
    requests.demand_runnable(integration)
    inputs: list[tuple[str, DatasetVersion]] = []
    steps: dict[str, Callable[[], None]] = {
        "settings": partial(_settings, integration),
        "credential": partial(_credential, integration),
        "addresses": partial(destinations.demand_allowed, integration),
        "inputs": lambda: inputs.extend(datasets.sources(integration=integration)[1]),
        "engine": partial(_engine, integration),
    }
    checks = [_checked(name, step) for name, step in steps.items()]
    return Rehearsal(schemas.mask(integration.connector.config_schema, integration.config), inputs, checks)


def _checked(name: str, step: Callable[[], None]) -> Check:
    try:
        step()
    except (Invalid, Refused, Unreadable) as error:
        return _failed(name, failures.of_preparation(error))
    except EngineError as error:
        return _failed(name, error.failure)
    return Check(name, ok=True)


def _failed(name: str, failure: Failure) -> Check:
    return Check(name, ok=False, detail=failure.message, fix=failure.fix)


def _settings(integration: Integration) -> None:
    if errors := schemas.validate(integration.connector.config_schema, integration.config):
        raise Invalid(errors)


def _credential(integration: Integration) -> None:
    schema = integration.connector.credential_schema
    if integration.credential is not None:
        references.resolve(integration.credential, schema)
    elif schemas.has_fields(schema) and schemas.validate(schema, schemas.defaults(schema, {})):
        raise Refused(
            "credential_needed",
            gettext("It has no credential, and cannot do without."),
            fix=gettext("Choose one, or make one."),
        )


def _engine(integration: Integration) -> None:
    health = registry.get(integration.connector.type).check()
    if not health.is_ok:
        raise Refused("engine_not_ready", health.problem, fix=health.fix)
