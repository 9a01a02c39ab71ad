"""Schemas that the tests share, and values that fit them."""

from __future__ import annotations

from hypothesis import strategies as st

KEY = {
    "title": "API key",
    "required": ["type", "key"],
    "properties": {
        "type": {"const": "key"},
        "key": {"type": "string", "title": "Key", "writeOnly": True, "minLength": 1},
        "place": {"oneOf": [{"const": "header", "title": "Header"}, {"const": "query", "title": "Query"}]},
    },
}
BASIC = {
    "title": "User and password",
    "required": ["type", "user", "password"],
    "properties": {
        "type": {"const": "basic"},
        "user": {"type": "string"},
        "password": {"type": "string", "format": "password"},
    },
}
NONE = {"title": "None", "properties": {"type": {"const": "none"}}}
SERVICE = {
    "type": "object",
    "required": ["url", "auth"],
    "properties": {
        "url": {"type": "string", "format": "uri", "title": "Address"},
        "auth": {"type": "object", "default": {"type": "none"}, "oneOf": [NONE, KEY, BASIC]},
        "headers": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "value": {"type": "string", "writeOnly": True}},
            },
        },
        "tokens": {"type": "object", "additionalProperties": {"type": "string", "writeOnly": True}},
        "pages": {"type": "integer", "minimum": 1, "default": 10},
    },
}

# A secret is recognisable wherever it turns up.
hidden = st.text("abcdef0123456789", min_size=4, max_size=12).map(lambda text: f"S3CRET-{text}")
words = st.text("ghijk lmnop", max_size=8)
auths = st.one_of(
    st.just({"type": "none"}),
    st.fixed_dictionaries({"type": st.just("key"), "key": hidden}, optional={"place": st.just("query")}),
    st.fixed_dictionaries({"type": st.just("basic"), "user": words, "password": hidden}),
)
headers = st.lists(st.fixed_dictionaries({"name": words}, optional={"value": hidden}), max_size=4)
services = st.fixed_dictionaries(
    {"url": st.just("https://example.com"), "auth": auths},
    optional={"headers": headers, "tokens": st.dictionaries(words, hidden, max_size=3), "pages": st.integers(1, 99)},
)
# What an older version of a connector may have left behind, or a person may send.
strays = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
strange = st.dictionaries(st.sampled_from(["url", "auth", "headers", "tokens", "pages", "old"]), strays, max_size=6)
