"""References in credentials: checked when they are entered, followed when a run needs what they point at."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from connectors import schemas
from connectors.schemas import FieldError
from integrations.domain import Json
from integrations.external import references
from integrations.external.references import Unresolved
from integrations.models import Credential
from tenants.models import Tenant

SPELT_OUT = "$secret"
SHOWN = "reference"
UNDERWAY_SECONDS = 300


def written(schema: Json, data: Json) -> Json:
    """Take both spellings of a reference, {"$secret": "env://NAME"} and the text alone; the text is what is kept."""
    return schemas.replace_secrets(schema, data, lambda _, value: _text_of(value))


def found(schema: Json, data: Json) -> dict[str, str]:
    """The references in the data, by their pointers."""
    pairs: dict[str, str] = {}

    def note(pointer: str, value: Any) -> Any:
        if references.is_reference(value):
            pairs[pointer] = value
        return value

    if _mentions(data):
        schemas.replace_secrets(schema, data, note)
    return pairs


def problems(schema: Json, data: Json, tenant_id: UUID) -> dict[str, FieldError | None]:
    """For each pointer of a reference what is wrong with it, if anything."""
    pairs = found(schema, data)
    if not pairs:
        return {}
    tenant = Tenant.objects.values_list("slug", flat=True).get(pk=tenant_id)
    words = {pointer: references.problem(text, tenant) for pointer, text in pairs.items()}
    return {pointer: FieldError(pointer, "reference", said) if said else None for pointer, said in words.items()}


def shown(schema: Json, data: Json, masked: Json) -> Json:
    """Add to each masked secret that is a reference what it refers to: that is not secret."""
    pairs = found(schema, data)

    def tell(pointer: str, value: Any) -> Any:
        return {**value, SHOWN: pairs[pointer]} if pointer in pairs else value

    return schemas.replace_secrets(schema, masked, tell) if pairs else masked


def resolve(credential: Credential, schema: Json, *, is_underway: bool = False) -> Json:
    """Return the credential's data with what its references point at. Raises `Unresolved`, or `vault.Unreadable`.

    For a run that is under way the values need not be the newest, and their lack ends nothing.
    """
    data: Json = credential.data
    if not _mentions(data):
        return data
    tenant = credential.tenant.slug
    age = UNDERWAY_SECONDS if is_underway else 0

    def follow(_: str, value: Any) -> Any:
        return references.read(value, tenant, age) if references.is_reference(value) else value

    try:
        resolved = schemas.replace_secrets(schema, data, follow)
        _demand_fit(schema, data, resolved)
    except Unresolved as error:
        if not is_underway:
            raise
        failure = error.failure
        raise Unresolved(failure.message, retryable=True, origin=failure.origin, fix=failure.fix) from error
    return resolved


def _demand_fit(schema: Json, data: Json, resolved: Json) -> None:
    """Raise unless what was found is as the connector wants it; data that was wrong before is not judged again."""
    pointers = found(schema, data)
    for error in schemas.validate(schema, resolved):
        if error.pointer in pointers:
            raise Unresolved(f"What the credential's {error.pointer} refers to does not fit: {error.detail}")


def _text_of(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {SPELT_OUT} and isinstance(value[SPELT_OUT], str):
        return value[SPELT_OUT]
    if isinstance(value, dict) and value.get("set") is True and value.keys() == {"set", SHOWN}:
        return {"set": True}
    return value


def _mentions(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_mentions, value.values()))
    return any(map(_mentions, value)) if isinstance(value, list) else references.is_reference(value)
