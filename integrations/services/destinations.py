"""The addresses in what a user typed: judged when they are saved, and again before an engine is given them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from connectors import schemas
from connectors.schemas import FieldError
from integrations.domain import Json
from integrations.models import Integration
from integrations.services import outbound
from integrations.services.errors import Refused
from integrations.services.outbound import OutboundError

FORMATS = ("uri", "url", "hostname", "ipv4", "ipv6")
HINT = "x-address"
"""Marks what leads somewhere and may be written as a URL, as a host, with a port, or as several of these."""
SEVERAL = re.compile(r"[\w.:\[\]-]+(,\s*[\w.:\[\]-]+)+")
LOOKUP_SECONDS = 3.0


def addresses(schema: Json, value: Any, pointer: str = "") -> dict[str, str]:
    """Find every address in a value, by its pointer."""
    parts = list(schemas.chosen(schema, value))
    if isinstance(value, str) and any(part.get("format") in FORMATS or part.get(HINT) for part in parts):
        return {pointer: value}
    inner: Iterable[tuple[str | int, Any, Json | None]] = ()
    if isinstance(value, dict):
        inner = ((name, item, schemas.property_schema(parts, name)) for name, item in value.items())
    elif isinstance(value, list):
        inner = ((index, item, schemas.item_schema(parts, index)) for index, item in enumerate(value))
    found: dict[str, str] = {}
    for key, item, part in inner:
        found |= addresses(part or {}, item, schemas.below(pointer, key))
    return found


def problems(schema: Json, value: Json) -> Iterator[FieldError]:
    """Tell which addresses may not be saved. No name is looked up: that may take long, and may change."""
    for pointer, written in addresses(schema, value).items():
        for error in filter(None, map(outbound.problem, _each(written))):
            yield FieldError(pointer, error.code, f"{error.detail} {error.fix}")


def demand_allowed(integration: Integration) -> None:
    """Look up where an integration's addresses lead now. Raises `Refused`."""
    connector, credential = integration.connector, integration.credential
    _demand(connector.config_schema, integration.config, "setting")
    if credential:
        _demand(connector.credential_schema, credential.data, "credential's field")


def _demand(schema: Json, value: Json, what: str) -> None:
    for pointer, written in addresses(schema, value).items():
        try:
            for address in _each(written):
                outbound.check(address, LOOKUP_SECONDS)
        except OutboundError as error:
            raise Refused(error.code, f"The {what} {pointer[1:]}: {error.detail}", fix=error.fix) from None


def _each(written: str) -> list[str]:
    parts = written.split(",") if SEVERAL.fullmatch(written) else [written]
    return [part.strip() for part in parts if part.strip()]
