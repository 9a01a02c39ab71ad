"""Credentials: written once, sealed, never shown again."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction

from connectors import schemas
from connectors.models import Connector
from connectors.schemas import FieldError
from integrations.domain import Json
from integrations.models import Credential, Integration
from integrations.services.errors import Invalid, Refused, invalid
from integrations.vault import Unreadable
from tenants.models import User
from tenants.services import audit

UNREADABLE = "unreadable"


def create(*, tenant_id: UUID, connector: Connector, name: str, data: Json, by: User | None) -> Credential:
    """Check and seal. Raises `Invalid` with pointers below /data."""
    filled = _checked(connector, data)
    credential = Credential(tenant_id=tenant_id, connector=connector, name=_named(name), data=filled)
    with transaction.atomic():
        _save(credential, force_insert=True)
        after = snapshot(credential)
        audit.record(tenant_id=tenant_id, actor=by, verb="created", subject=credential, after=after)
    return credential


def update(*, credential: Credential, by: User | None, name: str | None = None, data: Json | None = None) -> Credential:
    """Rename, or replace the data; a secret that is left out stays as it is. Raises `Invalid`."""
    before = snapshot(credential)
    if name is not None:
        credential.name = _named(name)
    if data is not None:
        _replace(credential, data)
    with transaction.atomic():
        _save(credential)
        after = snapshot(credential)
        audit.record(
            tenant_id=credential.tenant_id, actor=by, verb="changed", subject=credential, before=before, after=after
        )
    return credential


def delete(*, credential: Credential, by: User | None) -> None:
    """Raises `Refused`, naming the integrations that use it."""
    users = Integration.everywhere.filter(credential=credential, deleted_at=None)
    if names := list(users.order_by("name").values_list("name", flat=True)):
        raise Refused("in_use", f"It is used by: {', '.join(names)}.", fix="Give these another credential first.")
    with transaction.atomic():
        before = snapshot(credential)
        audit.record(tenant_id=credential.tenant_id, actor=by, verb="deleted", subject=credential, before=before)
        credential.delete()


def public(credential: Credential) -> tuple[Json, str]:
    """Return the fields with every secret as {"set": true}, and the status; one that does not open says so."""
    try:
        return schemas.mask(credential.connector.credential_schema, credential.data), credential.status
    except Unreadable:
        return {}, UNREADABLE


def snapshot(credential: Credential) -> Json:
    fields, status = public(credential)
    return {"name": credential.name, "connector": credential.connector.slug, "fields": fields, "status": status}


def _replace(credential: Credential, data: Json) -> None:
    schema = credential.connector.credential_schema
    old = _readable(credential)
    if moved := sorted(_moved_addresses(schema, old, data)):
        _demand_secrets_again(schema, data, old, moved[0])
    changed = _checked(credential.connector, schemas.unmask(schema, data, old))
    if changed != old:
        credential.data = changed
        credential.revision += 1
        credential.status, credential.verified_at = Credential.Status.UNVERIFIED, None


def _readable(credential: Credential) -> Json:
    try:
        data: Json = credential.data
    except Unreadable:
        return {}
    return data


def _moved_addresses(schema: Json, old: Json, new: Json) -> Iterable[str]:
    """Addresses that a secret would newly be sent to."""
    before, after = _addresses(schema, old), _addresses(schema, new)
    return [pointer for pointer, address in after.items() if pointer in before and before[pointer] != address]


def _addresses(schema: Json, value: Json, pointer: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    parts = list(schemas.chosen(schema, value))
    for name, item in value.items():
        field = schemas.property_schema(parts, name) or {}
        if isinstance(item, dict):
            found |= _addresses(field, item, f"{pointer}/{name}")
        elif isinstance(item, str) and field.get("format") == "uri":
            found[f"{pointer}/{name}"] = item
    return found


def _demand_secrets_again(schema: Json, data: Json, old: Json, pointer: str) -> None:
    """Whoever may edit a credential could otherwise send its kept secrets to an address of their own."""
    given, kept = set(schemas.secrets(schema, data)), set(schemas.secrets(schema, schemas.unmask(schema, data, old)))
    if kept - given:
        raise invalid(
            f"/data{pointer}", "secrets_needed", "The address changed: enter the secrets again, they are not sent elsewhere."
        )


def _checked(connector: Connector, data: Json) -> Json:
    schema = connector.credential_schema
    filled = schemas.defaults(schema, data)
    if errors := schemas.validate(schema, filled):
        raise Invalid([FieldError("/data" + error.pointer, error.code, error.detail) for error in errors])
    return filled


def _named(name: str) -> str:
    if not name.strip():
        raise invalid("/name", "required", "Give the credential a name.")
    return name.strip()


def _save(credential: Credential, *, force_insert: bool = False) -> None:
    try:
        with transaction.atomic():
            credential.save(force_insert=force_insert)
    except IntegrityError as error:
        raise invalid("/name", "taken", "Another credential of this connector has this name already.") from error
