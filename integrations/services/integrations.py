"""Integrations: a connector configured by a tenant, checked before it is kept."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from connectors import catalog, schemas
from connectors.models import Connector
from connectors.schemas import FieldError, Reference
from integrations.domain import Json, WriteMode
from integrations.models import UNDER_WAY, Credential, Dataset, Integration, IntegrationInput, Run
from integrations.services import (
    credentials,
    datasets,
    deployments,
    destinations,
    editing,
    pipelines,
    requests,
    schedules,
)
from integrations.services.errors import Invalid, Refused, invalid
from tenants.models import Tenant, User
from tenants.services import audit

NAME_LENGTH = 200
OPTIONS = (
    "enabled",
    "cron",
    "time_zone",
    "on_new_data",
    "overlap",
    "write_mode",
    "merge_keys",
    "timeout_seconds",
    "max_attempts",
    "alert_emails",
)
MOST_ALERTED = 20


@dataclass(frozen=True, slots=True)
class NewCredential:
    """A credential to be made together with the integration."""

    name: str
    data: Json = field(repr=False)


def create(
    *,
    tenant_id: UUID,
    by: User | None,
    connector: Connector,
    name: str,
    config: Json,
    credential: Credential | NewCredential | None = None,
    **options: Any,
) -> Integration:
    """Check everything and keep the integration with its dataset, all or nothing. Raises `Invalid`."""
    if not catalog.available(tenant_id).filter(pk=connector.pk).exists():
        raise invalid("/connector", "unknown", gettext("There is no such connector in the catalogue."))
    integration = Integration(
        tenant_id=tenant_id,
        connector=connector,
        connector_version=connector.version,
        name=name,
        config=config,
        **options,
    )
    with transaction.atomic():
        integration.credential = _credential(integration, credential, by)
        _save(integration, created=True)
        datasets.ensure(integration=integration)
        audit.record(tenant_id=tenant_id, actor=by, verb="created", subject=integration, after=snapshot(integration))
    return integration


def update(
    *, integration: Integration, by: User | None, seen: Collection[datetime] | None = None, **changes: Any
) -> Integration:
    """Change name, config, credential or options; what is not named stays as it is now.

    Raises `Invalid`; `Stale` when the integration is no longer in a state that the caller has `seen`.
    """
    with transaction.atomic():
        held = editing.held(_rows(integration), seen)
        before, used_before = snapshot(held), held.credential_id
        if "config" in changes:
            changes["config"] = schemas.unmask(held.connector.config_schema, changes["config"], held.config)
        credential = changes.pop("credential", held.credential)
        for name, value in changes.items():
            setattr(held, name, value)
        held.credential = _credential(held, credential, by)
        _save(held, created=False)
        if held.credential_id != used_before:
            deployments.leave(held)
        after = snapshot(held)
        audit.record(tenant_id=held.tenant_id, actor=by, verb="changed", subject=held, before=before, after=after)
    return held


def duplicate(*, integration: Integration, by: User | None) -> Integration:
    """Make another with the same settings and credential; it is paused, so that nothing runs twice by surprise."""
    options = {name: getattr(integration, name) for name in OPTIONS} | {"enabled": False}
    return create(
        tenant_id=integration.tenant_id,
        by=by,
        connector=integration.connector,
        name=_copy_name(integration),
        config=integration.config,
        credential=integration.credential,
        **options,
    )


def _copy_name(integration: Integration) -> str:
    base = integration.name[: NAME_LENGTH - 12]
    start = Integration.everywhere.filter(tenant=integration.tenant_id, deleted_at=None, name__startswith=base)
    taken = set(start.values_list("name", flat=True))
    names = (f"{base} ({number})" for number in itertools.count(2))
    return next(name for name in names if name not in taken)


def pause(*, integration: Integration, by: User | None) -> None:
    """Start it by no clock and no new data any more. It is not judged: what is incomplete can be paused too."""
    with transaction.atomic():
        held = editing.held(_rows(integration), None)
        before = snapshot(held)
        held.enabled, held.next_run_at = False, None
        held.save(update_fields=["enabled", "next_run_at", "updated_at"])
        after = snapshot(held)
        audit.record(tenant_id=held.tenant_id, actor=by, verb="changed", subject=held, before=before, after=after)


def delete(*, integration: Integration, by: User | None, seen: Collection[datetime] | None = None) -> None:
    """Take the integration out of use and cancel its runs; its past runs and their data stay.

    Raises `Refused` while others read its rows; `Stale` as `update` does.
    """
    with transaction.atomic():
        held = editing.held(_rows(integration), seen)
        _demand_unread(held)
        before = snapshot(held)
        IntegrationInput.everywhere.filter(integration=held).delete()
        held.deleted_at, held.next_run_at, held.enabled = timezone.now(), None, False
        held.credential = None
        held.save()
        deployments.leave(held)
        audit.record(tenant_id=held.tenant_id, actor=by, verb="deleted", subject=held, before=before)
    integration.deleted_at = held.deleted_at  # nobody starts a run with the copy that they still hold
    for run in Run.everywhere.filter(UNDER_WAY, integration=integration):
        _cancel(run, by)


def _rows(integration: Integration) -> QuerySet[Integration]:
    return Integration.everywhere.filter(pk=integration.pk, deleted_at=None)


def _demand_unread(integration: Integration) -> None:
    readers = Integration.everywhere.filter(inputs__dataset__integration=integration, deleted_at=None)
    if names := sorted(set(readers.exclude(pk=integration.pk).values_list("name", flat=True))):
        raise Refused(
            "in_use",
            gettext("Its rows are read by: %(names)s. Change or delete these first.") % {"names": ", ".join(names)},
        )


def snapshot(integration: Integration) -> Json:
    """Everything that was decided about an integration, without a secret."""
    return {
        "name": integration.name,
        "connector": integration.connector.slug,
        "config": schemas.mask(integration.connector.config_schema, integration.config),
        "credential": str(integration.credential_id) if integration.credential_id else None,
        **{name: getattr(integration, name) for name in OPTIONS},
    }


def _cancel(run: Run, by: User | None) -> None:
    try:
        requests.cancel(run=run, by=by)
    except Refused:
        return  # it ended meanwhile


def _save(integration: Integration, *, created: bool) -> None:
    integration.config = schemas.defaults(integration.connector.config_schema, integration.config)
    errors = [*_options(integration), *_config(integration)]
    references = [] if errors else schemas.references(integration.connector.config_schema, integration.config)
    # Two saves at once could each pass the check and close a circle together: one at a time per tenant.
    if references:
        Tenant.objects.select_for_update().get(pk=integration.tenant_id)
    read, unknown = _read_datasets(integration, references)
    errors += unknown
    if not errors and (way := pipelines.circle(integration.pk, [dataset.pk for _, dataset in read])):
        errors.append(
            FieldError(
                "/config" + references[0].pointer,
                "circle",
                gettext("It would read its own rows, by way of: %(way)s.") % {"way": ", ".join(way)},
            )
        )
    if errors:
        raise Invalid(errors)
    integration.next_run_at = _next_run_at(integration)
    integration.is_incomplete, integration.checked_version = False, integration.connector.version
    _write(integration, created)
    _replace_inputs(integration, read)


def _write(integration: Integration, created: bool) -> None:
    try:
        with transaction.atomic():
            integration.save(force_insert=created)
    except IntegrityError as error:
        raise invalid("/name", "taken", gettext("Another integration has this name already.")) from error


def _options(integration: Integration) -> Iterable[FieldError]:
    if not integration.name.strip():
        yield FieldError("/name", "required", gettext("Give the integration a name."))
    if integration.timeout_seconds < 1:
        yield FieldError("/timeout_seconds", "too_small", gettext("Give at least 1 second."))
    if integration.max_attempts < 1:
        yield FieldError("/max_attempts", "too_small", gettext("Give at least 1 attempt."))
    if integration.write_mode == WriteMode.MERGE and not integration.merge_keys:
        yield FieldError(
            "/merge_keys", "required", gettext("Name the columns that tell rows apart, or choose another write mode.")
        )
    yield from _alerts(integration.alert_emails)
    yield from schedules.problems(integration.cron, integration.time_zone)


def _alerts(emails: list[str]) -> Iterable[FieldError]:
    if len(emails) > MOST_ALERTED:
        yield FieldError(
            "/alert_emails",
            "too_many",
            gettext("Give at most %(most_alerted)s addresses.") % {"most_alerted": MOST_ALERTED},
        )
    for number, email in enumerate(emails):
        try:
            validate_email(email)
        except ValidationError:
            yield FieldError(f"/alert_emails/{number}", "email", gettext("This is no email address."))


def _config(integration: Integration) -> list[FieldError]:
    schema = integration.connector.config_schema
    found = schemas.validate(schema, integration.config) or destinations.problems(schema, integration.config)
    return [FieldError("/config" + error.pointer, error.code, error.detail) for error in found]


def _credential(
    integration: Integration, given: Credential | NewCredential | None, by: User | None
) -> Credential | None:
    if isinstance(given, NewCredential):
        return _new_credential(integration, given, by)
    if given is None:
        _demand_none_needed(integration.connector)
        return None
    if given.connector_id != integration.connector_id or given.tenant_id != integration.tenant_id:
        raise invalid("/credential", "wrong_connector", gettext("This credential belongs to another connector."))
    return given


def _new_credential(integration: Integration, given: NewCredential, by: User | None) -> Credential:
    try:
        return credentials.create(
            tenant_id=integration.tenant_id, connector=integration.connector, name=given.name, data=given.data, by=by
        )
    except Invalid as error:
        found = [FieldError("/credential" + e.pointer, e.code, e.detail) for e in error.errors]
        raise Invalid(found) from error


def _demand_none_needed(connector: Connector) -> None:
    schema = connector.credential_schema
    if schemas.has_fields(schema) and schemas.validate(schema, schemas.defaults(schema, {})):
        raise invalid(
            "/credential",
            "required",
            gettext("%(connector)s needs a credential. Choose one, or give a new one's data.")
            % {"connector": connector.name},
        )


def _read_datasets(
    integration: Integration, references: list[Reference]
) -> tuple[list[tuple[str, Dataset]], list[FieldError]]:
    wanted = [reference.dataset_id for reference in references]
    rows = Dataset.everywhere.filter(tenant_id=integration.tenant_id, integration__deleted_at=None)
    known = {str(row.pk): row for row in rows.filter(pk__in=[key for key in wanted if _is_uuid(key)])}
    read: list[tuple[str, Dataset]] = []
    errors: list[FieldError] = []
    names: set[str] = set()
    for reference in references:
        row = known.get(str(reference.dataset_id))
        if row is None:
            errors.append(
                FieldError("/config" + reference.pointer, "unknown_dataset", gettext("There is no such dataset."))
            )
        elif reference.name in names:
            errors.append(
                FieldError("/config" + reference.pointer, "name_taken", gettext("Two inputs have the same name."))
            )
        else:
            read.append((reference.name, row))
        names.add(reference.name)
    return read, errors


def _replace_inputs(integration: Integration, read: list[tuple[str, Dataset]]) -> None:
    IntegrationInput.everywhere.filter(integration=integration).delete()
    IntegrationInput.everywhere.bulk_create(
        IntegrationInput(tenant_id=integration.tenant_id, integration=integration, dataset=dataset, name=name)
        for name, dataset in read
    )


def _next_run_at(integration: Integration) -> Any:
    if not integration.enabled:
        return None
    return schedules.next_after(integration.cron, integration.time_zone, timezone.now())


def _is_uuid(value: object) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
