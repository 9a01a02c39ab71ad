"""Credentials: written once, sealed, never shown again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from connectors import schemas
from connectors.models import Connector
from connectors.schemas import FieldError
from integrations.domain import Json
from integrations.models import Credential, Integration
from integrations.services import destinations, editing, references
from integrations.services.errors import Invalid, Refused, invalid
from integrations.services.oauth2 import facts, grants, setups
from integrations.services.oauth2.errors import NoClient
from integrations.services.oauth2.facts import Facts, State
from integrations.vault import Unreadable
from tenants.models import User
from tenants.services import audit

UNREADABLE, NEEDS_AUTHORISATION, EXPIRED = "unreadable", "needs_authorisation", "expired"
"""What no column says: it shows when a credential is looked at."""
LONGEST_NAME = 200


def create(*, tenant_id: UUID, connector: Connector, name: str, data: Json, by: User | None) -> Credential:
    """Check and seal. Raises `Invalid` with pointers below /data."""
    filled = _checked(connector, references.written(connector.credential_schema, data), tenant_id)
    credential = Credential(tenant_id=tenant_id, connector=connector, name=_named(name), data=filled)
    with transaction.atomic():
        _save(credential, force_insert=True)
        after = snapshot(credential)
        audit.record(tenant_id=tenant_id, actor=by, verb="created", subject=credential, after=after)
    return credential


def update(
    *,
    credential: Credential,
    by: User | None,
    name: str | None = None,
    data: Json | None = None,
    seen: Collection[datetime] | None = None,
) -> Credential:
    """Rename, or replace the data; a secret that is left out stays as it is.

    Raises `Invalid`; `Stale` when the credential is no longer in a state that the caller has `seen`.
    """
    with transaction.atomic():
        held = editing.held(_rows(credential), seen)
        before = snapshot(held)
        changed = {"updated_at"}
        if name is not None:
            held.name = _named(name)
            changed.add("name")
        if data is not None and _replace(held, data):
            changed |= {"data", "revision", "status", "verified_at"}
        _save(held, update_fields=changed)
        after = snapshot(held)
        audit.record(tenant_id=held.tenant_id, actor=by, verb="changed", subject=held, before=before, after=after)
    return held


def delete(*, credential: Credential, by: User | None, seen: Collection[datetime] | None = None) -> None:
    """Raises `Refused`, naming the integrations that use it; `Stale` as `update` does."""
    _demand_unused(credential)
    try:
        with transaction.atomic():
            held = editing.held(_rows(credential), seen)
            before = snapshot(held)
            audit.record(tenant_id=held.tenant_id, actor=by, verb="deleted", subject=held, before=before)
            held.delete()
    except ProtectedError:  # an integration took it at this moment
        _demand_unused(credential)
        raise


def public(credential: Credential) -> tuple[Json, str]:
    """Return the fields with every secret as {"set": true}, and the status; one that does not open says so.

    A secret that is a reference also tells what it refers to.
    """
    schema = credential.connector.credential_schema
    try:
        masked = schemas.mask(schema, credential.data)
        return references.shown(schema, credential.data, masked), _status(credential)
    except Unreadable:
        return {}, UNREADABLE


def status(credential: Credential) -> str:
    """What `public` says of it, without its fields."""
    try:
        return _status(credential)
    except Unreadable:
        return UNREADABLE


def sign_in(credential: Credential) -> Facts | None:
    """How its sign-in with OAuth 2.0 stands; None when it has none, or does not open."""
    try:
        return facts.of(credential, credential.data)
    except Unreadable:
        return None


def snapshot(credential: Credential) -> Json:
    fields, status = public(credential)
    return {"name": credential.name, "connector": credential.connector.slug, "fields": fields, "status": status}


def _demand_unused(credential: Credential) -> None:
    users = Integration.everywhere.filter(credential=credential, deleted_at=None)
    if names := list(users.order_by("name").values_list("name", flat=True)):
        raise Refused(
            "in_use",
            gettext("It is used by: %(names)s.") % {"names": ", ".join(names)},
            fix=gettext("Give these another credential first."),
        )


def _rows(credential: Credential) -> QuerySet[Credential]:
    # The connector's row is shared: locking it too would make tenants wait for each other.
    return Credential.everywhere.filter(pk=credential.pk)


def _replace(credential: Credential, data: Json) -> bool:
    """Take the new data; return whether it is any different."""
    schema = credential.connector.credential_schema
    old, data = _readable(credential), references.written(schema, data)
    new = schemas.unmask(schema, data, old)
    if moved := _moved_address(schema, old, schemas.defaults(schema, new)):
        _demand_secrets_again(schema, data, new, moved)
    checked = _checked(credential.connector, new, credential.tenant_id)
    if checked == old:
        return False
    # Engines are given what changed by its revision; the row is locked, so no two changes share one.
    credential.data, credential.revision = checked, credential.revision + 1
    credential.status, credential.verified_at = Credential.Status.UNVERIFIED, None
    _check_grant(credential)
    return True


def _check_grant(credential: Credential) -> None:
    """Tokens stay with the client and the token URL that they came from."""
    try:
        setup = setups.of(credential.connector, credential.tenant_id, credential.data)
    except NoClient:
        setup = None
    grants.check(credential, setup)


def _status(credential: Credential) -> str:
    """Raises `Unreadable`."""
    found = facts.of(credential, credential.data)
    if found and found.state is State.NEEDED:
        return NEEDS_AUTHORISATION
    is_over = credential.expires_at is not None and credential.expires_at <= timezone.now()
    return EXPIRED if is_over or (found and found.state is State.EXPIRED) else credential.status


def _readable(credential: Credential) -> Json:
    try:
        data: Json = credential.data
    except Unreadable:
        return {}
    return data


def _moved_address(schema: Json, old: Json, new: Json) -> str | None:
    """The pointer of an address that kept secrets would newly be sent to."""
    known = set(destinations.addresses(schema, old).values())
    found = destinations.addresses(schema, new)
    return next((pointer for pointer, address in found.items() if address not in known), None)


def _demand_secrets_again(schema: Json, given: Json, filled: Json, pointer: str) -> None:
    """Whoever may edit a credential could otherwise send its kept secrets to an address of their own."""
    if set(schemas.secrets(schema, filled)) - set(schemas.secrets(schema, given)):
        raise invalid(
            f"/data{pointer}",
            "secrets_needed",
            gettext("The address changed: enter the secrets again, they are not sent elsewhere."),
        )


def _checked(connector: Connector, data: Json, tenant_id: UUID) -> Json:
    schema = connector.credential_schema
    filled = schemas.defaults(schema, data)
    if errors := _errors(schema, filled, tenant_id) or list(destinations.problems(schema, filled)):
        raise Invalid([FieldError("/data" + error.pointer, error.code, error.detail) for error in errors])
    return filled


def _errors(schema: Json, data: Json, tenant_id: UUID) -> list[FieldError]:
    """A reference is judged as one; whether what it points at fits shows when a run needs it."""
    found = schemas.validate(schema, data)
    if referring := references.problems(schema, data, tenant_id):
        found = [error for error in found if error.pointer not in referring or error.code == "type"]
        found += [error for error in referring.values() if error]
    return found


def _named(name: str) -> str:
    if not name.strip():
        raise invalid("/name", "required", gettext("Give the credential a name."))
    if len(name.strip()) > LONGEST_NAME:
        raise invalid(
            "/name",
            "too_long",
            gettext("A name has at most %(longest_name)s characters.") % {"longest_name": LONGEST_NAME},
        )
    return name.strip()


def _save(credential: Credential, **how: Any) -> None:
    try:
        with transaction.atomic():
            credential.save(**how)
    except IntegrityError as error:
        raise invalid(
            "/name", "taken", gettext("Another credential of this connector has this name already.")
        ) from error
