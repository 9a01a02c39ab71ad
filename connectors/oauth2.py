"""How a connector says that its credential signs in with OAuth 2.0: `oauth2` in connector.json. Knows no Django.

The map is one choice or several by a field of the credential; an empty choice is no OAuth 2.0. Its sources are pointers
into the credential. What the sign-in brings stands in the credential under `oauth2`, for the engine's maps.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from connectors import maps, schemas
from connectors.schemas import FieldError

Json = dict[str, Any]

FIELD = "oauth2"
"""Where an engine finds {"access_token", "token_type"} in the credential it is given."""
CODE, CLIENT = "authorization_code", "client_credentials"
_SOURCE: Json = {"type": ["string", "object"], "additionalProperties": True}
_SOURCES = ("authorization_url", "token_url", "client_id", "client_secret", "client_in", "scopes")
_CHOICE: Json = {
    "type": "object",
    "properties": {
        **dict.fromkeys(_SOURCES, _SOURCE),
        "grant": {"enum": [CODE, CLIENT]},
        "scopes": {"type": ["array", "string", "object"], "additionalProperties": True, "items": {"type": "string"}},
        "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "if": {"required": ["grant"], "properties": {"grant": {"const": CODE}}},
    "then": {"required": ["authorization_url", "token_url"]},
    "else": {"required": ["grant", "token_url"]},
}


def choose(declared: Json, credential: Json) -> Json:
    """The choice for this credential; empty when it does not sign in with OAuth 2.0."""
    try:
        return maps.choose(declared, credential)
    except maps.UnknownCase:
        return {}


def needs_client(declared: Json) -> bool:
    """Tell whether a choice names no client: then the tenant's or the hub's own is used."""
    return any(choice and "client_id" not in choice for _, choice in _choices(declared, ""))


def without_client(declared: Json, credential: Json) -> Json:
    """A copy without the client's secret, where the credential itself holds it."""
    left: Json = copy.deepcopy(credential)
    for pointer in maps.pointers(choose(declared, credential).get("client_secret")):
        *parents, name = pointer.split("/")
        holder = maps.resolve("/".join(parents), left)
        if isinstance(holder, dict):
            holder.pop(name, None)
    return left


def problems(declared: Json, credential_schema: Json) -> Iterator[FieldError]:
    """What is wrong with a map, by its place in it."""
    paths = ["/".join(("", *path)) for path, _ in schemas.fields(credential_schema)]
    if f"/{FIELD}" in paths:
        yield FieldError("", "taken", f"The credential has a field {FIELD} of its own: that name is the token's.")
    for pointer, choice in _choices(declared, ""):
        if choice:
            yield from (
                FieldError(pointer + error.pointer, error.code, error.detail)
                for error in schemas.validate(_CHOICE, choice)
            )
    for named in _pointers(declared):
        if named not in paths:
            yield FieldError("", "unknown", f"{named} is no field of the credential: begin at the credential itself.")


def _choices(declared: Json, pointer: str) -> Iterator[tuple[str, Json]]:
    if "by" not in declared:
        yield pointer, declared
        return
    for name, choice in declared.get("cases", {}).items():
        yield from _choices(choice, schemas.below(pointer, "cases", name))


def _pointers(declared: Json) -> Iterator[str]:
    if "by" in declared:
        yield declared["by"]
    for _, choice in _choices(declared, ""):
        for name in _SOURCES:
            yield from maps.pointers(choice.get(name))
