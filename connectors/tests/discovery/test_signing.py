from __future__ import annotations

from typing import Any

from connectors import oauth2, schemas
from connectors.discovery import signing
from connectors.tests.discovery.nodes import HARBOUR_API, choice, node, parameter, show

Json = dict[str, Any]

OAUTH2: Json = {
    "name": "oAuth2Api",
    "displayName": "OAuth2 API",
    "properties": [
        choice("grantType", "authorizationCode", "clientCredentials"),
        parameter("authUrl", required=True),
        parameter("accessTokenUrl", required=True),
        parameter("clientId", required=True),
        parameter("clientSecret", required=True, typeOptions={"password": True}),
        parameter("scope"),
        parameter("jwksUri", doNotInherit=True),
    ],
}


def harbour_oauth2(**constants: str) -> Json:
    hidden = [parameter(name, "hidden", default=value) for name, value in constants.items()]
    return {"name": "harbourOAuth2Api", "displayName": "Harbour", "extends": ["oAuth2Api"], "properties": hidden}


def test_secrets_are_secrets_and_constants_are_no_fields() -> None:
    made = signing.sign_in(node(), signing.types([HARBOUR_API]))

    assert schemas.check(made.schema) == []
    assert list(made.schema["properties"]) == ["url", "token", "pier"]
    assert made.schema["properties"]["token"]["writeOnly"] is True
    assert made.map == {"type": "harbourApi", "data": {"url": "/url", "token": "/token", "pier": "/pier"}}


def test_what_says_where_to_connect_is_marked_at_every_depth() -> None:
    named = ("host", "brokers", "connectionString", "database", "user")
    told = {"name": "store", "displayName": "Store", "properties": [parameter(name) for name in named]}
    told["properties"].append(parameter("sshHost", displayOptions=show(database="inner")))

    made = signing.schema_of(signing.types([told])["store"])

    assert schemas.check(made) == []
    plain = {name for name, part in made["properties"].items() if part.get("x-address")}
    assert plain == {"host", "brokers", "connectionString"}
    assert made["allOf"][0]["then"]["properties"]["sshHost"]["x-address"] is True


def test_a_node_with_two_ways_to_sign_in_offers_a_choice() -> None:
    offered = [
        {"name": "harbourApi", "required": True, "displayOptions": show(authentication="token")},
        {"name": "basic", "required": True, "displayOptions": show(authentication="basic")},
    ]
    basic = {"name": "basic", "displayName": "Basic", "properties": [parameter("user"), parameter("pier")]}
    found = node(choice("authentication", "token", "basic"), credentials=offered)

    made = signing.sign_in(found, signing.types([HARBOUR_API, basic]))

    assert schemas.check(made.schema) == []
    assert made.map["cases"]["basic"] == {
        "type": "basic",
        "data": {"user": "/auth/user", "pier": "/auth/pier"},
        "node": {"authentication": "basic"},
    }


def test_a_sign_in_that_is_not_demanded_may_be_none() -> None:
    found = node(credentials=[{"name": "harbourApi"}, {"name": "other"}])
    other = {"name": "other", "displayName": "Other", "properties": [parameter("key")]}

    made = signing.sign_in(found, signing.types([HARBOUR_API, other]))

    assert schemas.validate(made.schema, schemas.defaults(made.schema, {})) == []
    assert made.map["cases"]["none"] == {}


def test_a_child_overrides_its_parent_and_does_not_get_what_is_not_inherited() -> None:
    child = harbour_oauth2(authUrl="https://harbour.example/auth", accessTokenUrl="https://harbour.example/token")

    made = signing.of(signing.types([OAUTH2, child])["harbourOAuth2Api"])

    assert list(made.schema["properties"]) == ["clientId", "clientSecret", "scope"]
    assert made.map["data"] == {
        "clientId": "/clientId",
        "clientSecret": "/clientSecret",
        "scope": "/scope",
        "oauthTokenData": "/oauth2",
    }


def test_oauth2_goes_through_the_hub() -> None:
    scope = '={{$self["customScopes"] ? $self["enabledScopes"] : "read write"}}'
    child = harbour_oauth2(authUrl="https://h.example/auth", accessTokenUrl="https://h.example/token", scope=scope)

    made = signing.of(signing.types([OAUTH2, child])["harbourOAuth2Api"])

    assert list(oauth2.problems(made.oauth2, made.schema)) == []
    assert made.oauth2["grant"] == "authorization_code"
    assert made.oauth2["authorization_url"] == {"value": "https://h.example/auth"}
    assert made.oauth2["scopes"] == {"value": "read write"}


def test_an_address_that_n8n_works_out_is_asked_for_and_not_sent_to_n8n() -> None:
    child = harbour_oauth2(authUrl='={{$self["server"]}}/auth', accessTokenUrl="https://h.example/token")

    made = signing.of(signing.types([OAUTH2, child])["harbourOAuth2Api"])

    assert made.oauth2["authorization_url"] == "/authUrl"
    assert "authUrl" in made.schema["required"]
    assert "authUrl" not in made.map["data"]


def test_a_type_that_extends_itself_in_a_circle_ends() -> None:
    one = {"name": "one", "extends": ["two"], "properties": [parameter("a")]}
    two = {"name": "two", "extends": ["one"], "properties": [parameter("b")]}

    found = signing.types([one, two])["one"]

    assert {part["name"] for part in found.properties} == {"a", "b"}


def test_the_credential_decides_how_the_node_signs_in_although_a_field_asks_for_it_too() -> None:
    offered = [
        {"name": "harbourApi", "displayOptions": show(authentication="token")},
        {"name": "basic", "displayOptions": show(authentication="basic")},
    ]
    basic = {"name": "basic", "displayName": "Basic", "properties": [parameter("user")]}
    found = node(
        choice("authentication", "token", "basic"),
        choice("operation", "list"),
        parameter("asUser", displayOptions=show(authentication="basic")),
        credentials=offered,
    )

    made = signing.sign_in(found, signing.types([HARBOUR_API, basic]))

    assert made.map["cases"]["basic"]["node"] == {"authentication": "basic"}
