"""Credential types of n8n as the credential of a connector: its form, how it becomes n8n's, and its OAuth 2.0."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.discovery import texts
from connectors.discovery.conditions import Scope
from connectors.discovery.configs import sign_in_parameters
from connectors.discovery.descriptions import Node
from connectors.discovery.fields import Reading, by_name, level
from connectors.schemas.shape import subschemas
from connectors.schemas.values import Json

OAUTH2 = "oAuth2Api"
CHOICE = "auth"
"""The field that holds the sign-in where a node knows more than one."""
NONE = "none"
_CUSTOM_SCOPES = re.compile(r'^=\{\{\s*\$self\["customScopes"\] \? \$self\["enabledScopes"\] : "([^"]*)"\s*\}\}$')
_OWN = frozenset({"grantType", "authQueryParameters", "authentication", "useDynamicClientRegistration"})
"""Parts of OAuth 2.0 that the hub decides: it leads people through the sign-in itself."""
_ADDRESS = re.compile(r"(url|uri|host|hostname|server|endpoint|connectionString|brokers)$", re.IGNORECASE)
"""Names of fields that say where a node connects to: databases and mail are out of reach of n8n's own guard."""
_ADDRESSES = {"authUrl": "authorization_url", "accessTokenUrl": "token_url"}


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a connector says of its credential: schema, map to n8n's types, and how OAuth 2.0 goes."""

    schema: Json = field(default_factory=dict)
    map: Json = field(default_factory=dict)
    oauth2: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Type:
    """One credential type with what it inherits."""

    name: str
    title: str
    properties: list[Json]
    ancestors: tuple[str, ...] = ()

    @property
    def is_oauth2(self) -> bool:
        return OAUTH2 in (self.name, *self.ancestors)

    def constant(self, name: str) -> Any:
        """The value of a parameter that nobody is asked for."""
        found = [part for part in self.properties if part["name"] == name and part.get("type") == "hidden"]
        return found[0].get("default") if found else None


def types(descriptions: Iterable[Json]) -> dict[str, Type]:
    by = {str(one["name"]): one for one in descriptions}
    return {name: _type(by, name) for name in by}


def sign_in(node: Node, known: Mapping[str, Type]) -> SignIn:
    """The credential of a node's connector: of its one type, or a choice among several."""
    offered = {str(part["name"]): part for part in node.credentials if part.get("name") in known}
    if not offered:
        return SignIn()
    made = {name: of(known[name]) for name in offered}
    is_needed = any(part.get("required") for part in offered.values())
    nodes = {name: _node_parameters(node, part) for name, part in offered.items()}
    if len(made) == 1:
        name, only = next(iter(made.items()))
        schema = only.schema if is_needed else {key: value for key, value in only.schema.items() if key != "required"}
        return SignIn(schema, {**only.map, **({"node": nodes[name]} if nodes[name] else {})}, only.oauth2)
    titles = {name: known[name].title for name in offered}
    return _choice(made, titles, nodes, is_needed)


def of(kind: Type, prefix: str = "") -> SignIn:
    """The sign-in of one type, its fields at `prefix` of our credential."""
    schema = schema_of(kind)
    oauth2 = _oauth2(kind, schema, prefix) if kind.is_oauth2 else {}
    ours = {part["name"] for part in _asked_addresses(kind)} if kind.is_oauth2 else set()
    data: Json = {name: f"{prefix}/{name}" for name in _names(schema) if name not in ours}
    if oauth2:
        data["oauthTokenData"] = "/oauth2"
    return SignIn(schema, {"type": kind.name, "data": data}, oauth2)


def schema_of(kind: Type) -> Json:
    """The form of one credential type. Its constants decide what is shown, and are no fields."""
    constants = {part["name"]: part.get("default") for part in kind.properties if part.get("type") == "hidden"}
    if kind.is_oauth2:
        constants |= {name: kind.constant(name) for name in _OWN if kind.constant(name) is not None}
    shown = [_marked(part) for part in kind.properties if not (kind.is_oauth2 and part["name"] in _OWN)]
    asked = shown + (_asked_addresses(kind) if kind.is_oauth2 else [])
    reading = Reading(Scope(1, constants, by_name(kind.properties)))
    made = _plain(level(asked, reading))
    _mark_addresses(made)
    return made


def _mark_addresses(schema: Any) -> None:
    if isinstance(schema, dict):
        fields = schema.get("properties")
        for name, part in fields.items() if isinstance(fields, dict) else ():
            if isinstance(part, dict) and part.get("type") == "string" and _ADDRESS.search(name):
                part["x-address"] = True
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        _mark_addresses(inner)


def _type(by: Mapping[str, Json], name: str, seen: tuple[str, ...] = ()) -> Type:
    """Parents first; a child's parameter takes the place of its parent's, and some are not handed on at all."""
    told = by[name]
    merged: dict[str, list[Json]] = {}
    ancestors: list[str] = []
    for parent in told.get("extends") or ():
        if parent in by and parent not in seen:
            above = _type(by, parent, (*seen, name))
            ancestors += [parent, *above.ancestors]
            merged |= by_name(part for part in above.properties if not part.get("doNotInherit"))
    merged |= by_name(part for part in told.get("properties") or () if isinstance(part, dict) and "name" in part)
    properties = [part for parts in merged.values() for part in parts]
    return Type(name, texts.title(told.get("displayName"), name), properties, tuple(ancestors))


def _marked(part: Json) -> Json:
    told = part.get("typeOptions") or {}
    if told.get("redactJsonLeaves"):
        return {**part, "typeOptions": {**told, "password": True}, "type": "string"}
    return part


def _asked_addresses(kind: Type) -> list[Json]:
    """Where n8n works the address out of other fields, the hub, whose sign-in it is, asks for it."""
    return [
        {
            "name": name,
            "type": "string",
            "displayName": "Authorization URL" if name == "authUrl" else "Access Token URL",
            "description": "Where the sign-in happens, as the service's documentation of OAuth 2.0 says.",
            "required": True,
        }
        for name in _ADDRESSES
        if str(kind.constant(name) or "").startswith("=")
    ]


def _plain(schema: Json) -> Json:
    """Without the hints for nodes: a credential's values go to n8n as they are, so lists keep n8n's own shape."""
    made = dict(schema)
    for name, part in made.get("properties", {}).items():
        if (part.get("x-n8n") or {}).get("as") == "only":
            inner = {key: value for key, value in part.items() if key != "x-n8n"}
            made["properties"][name] = {
                "type": "object",
                "title": part.get("title", name),
                "properties": {part["x-n8n"]["name"]: inner},
            }
    return made


def _names(schema: Json) -> list[str]:
    found = list(schema.get("properties", ()))
    for _, part in subschemas({"allOf": schema.get("allOf", [])}):
        found += part.get("then", part).get("properties", ())
    return list(dict.fromkeys(found))


def _oauth2(kind: Type, schema: Json, prefix: str) -> Json:
    names = _names(schema)
    grant = kind.constant("grantType") or "authorizationCode"
    found: Json = {"grant": "client_credentials" if grant == "clientCredentials" else "authorization_code"}
    for name, word in _ADDRESSES.items():
        constant = kind.constant(name)
        if name in names:
            found[word] = f"{prefix}/{name}"
        elif constant:
            found[word] = {"value": constant}
    found["client_id"], found["client_secret"] = f"{prefix}/clientId", f"{prefix}/clientSecret"
    found["client_in"] = {"value": "body" if kind.constant("authentication") == "body" else "header"}
    if scopes := _scopes(kind, names, prefix):
        found["scopes"] = scopes
    if parameters := _parameters(kind):
        found["parameters"] = parameters
    if "token_url" not in found or (found["grant"] == "authorization_code" and "authorization_url" not in found):
        return {}
    return found


def _scopes(kind: Type, names: list[str], prefix: str) -> Any:
    constant = str(kind.constant("scope") or "")
    custom = _CUSTOM_SCOPES.match(constant)
    if custom:
        own = custom[1]
        return {"from": f"{prefix}/enabledScopes", "else": own} if "enabledScopes" in names else {"value": own}
    if "scope" in names:
        return f"{prefix}/scope"
    return {"value": constant} if constant and not constant.startswith("=") else None


def _parameters(kind: Type) -> dict[str, str]:
    constant = str(kind.constant("authQueryParameters") or "")
    pairs = [pair.partition("=") for pair in constant.split("&") if pair and not constant.startswith("=")]
    return {name: value for name, _, value in pairs}


def _node_parameters(node: Node, part: Json) -> Json:
    """The parameters by which the node knows that this credential is meant."""
    shown = (part.get("displayOptions") or {}).get("show") or {}
    own = sign_in_parameters(node)
    return {name: values[0] for name, values in shown.items() if name in own and isinstance(values, list) and values}


def _choice(made: dict[str, SignIn], titles: dict[str, str], nodes: dict[str, Json], is_needed: bool) -> SignIn:
    options, cases, oauth2 = [], {}, {}
    for name, one in made.items():
        schema = one.schema
        kind: Json = {"const": name, "title": titles[name]}
        options.append(
            {
                **schema,
                "title": titles[name],
                "properties": {"type": kind, **schema.get("properties", {})},
                "required": ["type", *schema.get("required", ())],
            }
        )
        moved = {
            field: f"/{CHOICE}{source}" if source != "/oauth2" else source for field, source in one.map["data"].items()
        }
        cases[name] = {"type": name, "data": moved, **({"node": nodes[name]} if nodes[name] else {})}
        oauth2[name] = _moved(one.oauth2)
    if not is_needed:
        none: Json = {"type": {"const": NONE, "title": "None"}}
        options.insert(0, {"type": "object", "title": "None", "properties": none, "required": ["type"]})
        cases[NONE], oauth2[NONE] = {}, {}
    first = NONE if not is_needed else next(iter(made))
    field_schema: Json = {"type": "object", "title": "Sign-in", "default": {"type": first}, "oneOf": options}
    return SignIn(
        {"type": "object", "properties": {CHOICE: field_schema}},
        {"by": f"/{CHOICE}/type", "default": first, "cases": cases},
        {"by": f"/{CHOICE}/type", "default": first, "cases": oauth2} if any(oauth2.values()) else {},
    )


def _moved(oauth2: Json) -> Json:
    def move(source: Any) -> Any:
        if isinstance(source, str) and source.startswith("/"):
            return f"/{CHOICE}{source}"
        if isinstance(source, dict) and "from" in source:
            return {**source, "from": f"/{CHOICE}{source['from']}"}
        return source

    return {name: source if name == "parameters" else move(source) for name, source in oauth2.items()}
