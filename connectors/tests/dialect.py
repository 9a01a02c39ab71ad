"""Draws schemas of the whole dialect, each with documents that fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from connectors.schemas.values import Json
from connectors.tests.schemas import hidden

UUID = "3f0c6a52-7f0e-4c38-9a53-2f6d0f1f6a10"


@dataclass(frozen=True)
class Drawn:
    """A schema and the values that fit it."""

    schema: Json
    values: SearchStrategy[Any]


texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "null", "7", "a\nb", "\n", "a\r\nb", '"', "{", "~1/", "<b>&amp;", "ä€😀", "true", "\t"]),
)
FORMATS = {
    "uri": st.sampled_from(["https://example.com", "ftp://a/b?c=d#e"]),
    "email": st.just("ann@example.com"),
    "hostname": st.just("db.example.com"),
    "ipv4": st.just("192.0.2.1"),
    "ipv6": st.just("2001:db8::1"),
    "uuid": st.just(UUID),
    "regex": st.sampled_from(["a+", " ^b$ "]),
    "date": st.dates().map(str),
    "date-time": st.sampled_from(
        ["2026-01-31T09:30:00Z", "2026-01-31T09:30:00+02:00", "2026-01-31t09:30:00.125z", "1985-04-12T23:20:50.52Z"]
    ),
    "time": st.just("09:30:00Z"),
    "duration": st.just("P1DT12H"),
    "dataset": st.just(UUID),
    "textarea": texts,
    "json": st.just('{"a":\n 1}'),
    "sql": st.just("\nSELECT 1\n"),
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
scalars = st.one_of(st.integers(-99, 99), st.booleans(), texts, st.none())
names = st.one_of(
    st.sampled_from(["url", "api_key", "type", "mode", "pages", "a/b", "c~d", "e f", "ü", "0", "set"]),
    st.text("abcdefgh_", min_size=1, max_size=6),
)


@st.composite
def hints(draw: DrawFn) -> Json:
    return draw(
        st.fixed_dictionaries(
            {},
            optional={
                "title": st.sampled_from(["Address", "A <b>bold</b> one", "Größe"]),
                "description": st.sampled_from(["What it is.", "Long. " * 60, "See <a href='https://x.y'>here</a>."]),
                "x-order": st.integers(0, 9),
                "x-group": st.sampled_from(["network", "rows"]),
                "x-advanced": st.booleans(),
                "x-placeholder": st.just("like this"),
                "x-docs": st.just("https://docs.example.com"),
                "examples": st.lists(texts, max_size=2),
            },
        )
    )


@st.composite
def strings(draw: DrawFn) -> Drawn:
    if draw(st.booleans()):
        name = draw(st.sampled_from(sorted(FORMATS)))
        return Drawn({"type": "string", "format": name}, FORMATS[name])
    limits = draw(
        st.sampled_from(
            [{}, {"minLength": 0}, {"minLength": 1}, {"maxLength": 5}, {"x-multiline": True}, {"pattern": "^[ab]*$"}]
        )
    )
    low, high = limits.get("minLength", 0), limits.get("maxLength", 12)
    values = st.text("ab", max_size=5) if "pattern" in limits else texts.filter(lambda text: low <= len(text) <= high)
    return Drawn({"type": "string"} | limits, values)


@st.composite
def secrets(draw: DrawFn) -> Drawn:
    mark = draw(
        st.sampled_from([{"writeOnly": True}, {"format": "password"}, {"writeOnly": True, "x-multiline": True}])
    )
    if draw(st.integers(0, 4)) == 0:
        fields = {"type": "object", "writeOnly": True, "properties": {"key": {"type": "string"}}}
        return Drawn(fields, st.fixed_dictionaries({"key": hidden}))
    return Drawn({"type": "string"} | mark, hidden)


@st.composite
def numbers(draw: DrawFn) -> Drawn:
    if draw(st.booleans()):
        low = draw(st.integers(-5, 5))
        return Drawn({"type": "integer", "minimum": low}, st.integers(min_value=low))
    return Drawn({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False) | st.integers())


@st.composite
def choices(draw: DrawFn) -> Drawn:
    values = draw(st.lists(scalars, min_size=1, max_size=9, unique_by=repr))
    values = [value for at, value in enumerate(values) if value not in values[:at]]
    how = draw(st.sampled_from(["enum", "oneOf", "const"]))
    if how == "const":
        return Drawn({"const": values[0]}, st.just(values[0]))
    if how == "enum":
        return Drawn({"enum": values}, st.sampled_from(values))
    return Drawn(
        {"oneOf": [{"const": v, "title": f"{at}: {v}"} for at, v in enumerate(values)]}, st.sampled_from(values)
    )


@st.composite
def free(draw: DrawFn) -> Drawn:
    """What no control can show."""
    return draw(
        st.sampled_from(
            [
                Drawn({}, anything),
                Drawn({"type": "object"}, st.dictionaries(texts, anything, max_size=3)),
                Drawn({"type": "array"}, st.lists(anything, max_size=3)),
                Drawn({"type": ["string", "integer"]}, texts | st.integers()),
                Drawn({"anyOf": [{"type": "string"}, {"type": "integer"}]}, texts | st.integers()),
                Drawn({"type": ["boolean", "number", "null"]}, st.booleans() | st.integers() | st.none()),
                Drawn(
                    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
                    st.tuples(texts, st.integers()).map(list),
                ),
            ]
        )
    )


@st.composite
def nullable(draw: DrawFn, inner: SearchStrategy[Drawn]) -> Drawn:
    found = draw(inner)
    if isinstance(found.schema.get("type"), str) and "enum" not in found.schema and draw(st.booleans()):
        return Drawn(found.schema | {"type": [found.schema["type"], "null"]}, found.values | st.none())
    return Drawn({"anyOf": [found.schema, {"type": "null"}]}, found.values | st.none())


@st.composite
def lists(draw: DrawFn, inner: SearchStrategy[Drawn]) -> Drawn:
    found = draw(inner)
    limits = draw(st.sampled_from([{}, {"minItems": 1}, {"maxItems": 3}]))
    sizes = {"min_size": limits.get("minItems", 0), "max_size": limits.get("maxItems", 4)}
    return Drawn({"type": "array", "items": found.schema} | limits, st.lists(found.values, **sizes))


@st.composite
def checks(draw: DrawFn) -> Drawn:
    found = draw(choices().filter(lambda drawn: len(drawn.schema.get("enum", drawn.schema.get("oneOf", ()))) > 1))
    values = st.lists(found.values, max_size=4, unique_by=repr)
    return Drawn({"type": "array", "uniqueItems": True, "items": found.schema}, values)


@st.composite
def objects(draw: DrawFn, inner: SearchStrategy[Drawn]) -> Drawn:
    fields = {name: draw(inner) for name in draw(st.lists(names, max_size=4, unique=True))}
    required = [name for name in fields if draw(st.booleans())]
    properties = {name: _told(draw, found.schema) for name, found in fields.items()}
    schema: Json = {"type": "object", "properties": properties, "required": required}
    values = st.fixed_dictionaries(
        {name: fields[name].values for name in required},
        optional={name: found.values for name, found in fields.items() if name not in required},
    )
    if draw(st.booleans()):
        schema["additionalProperties"] = draw(st.booleans())
    return Drawn(schema, values)


def _told(draw: DrawFn, schema: Json) -> Json:
    return schema | {key: value for key, value in draw(hints()).items() if key not in schema}


@st.composite
def maps(draw: DrawFn, inner: SearchStrategy[Drawn]) -> Drawn:
    found = draw(inner)
    if draw(st.booleans()):
        schema = {"type": "object", "patternProperties": {"^x_": found.schema}, "additionalProperties": False}
        return Drawn(schema, st.dictionaries(names.map("x_".__add__), found.values, max_size=3))
    return Drawn(
        {"type": "object", "additionalProperties": found.schema}, st.dictionaries(texts, found.values, max_size=3)
    )


@st.composite
def alternatives(draw: DrawFn, inner: SearchStrategy[Drawn]) -> Drawn:
    """A choice of forms, told apart by a constant."""
    marks = draw(st.lists(st.sampled_from(["key", "basic", "none", 1, 2]), min_size=1, max_size=3, unique=True))
    key = draw(st.sampled_from(["type", "auth_method"]))
    options, values = [], []
    for mark in marks:
        option = draw(objects(inner))
        properties = {key: {"const": mark}} | {n: s for n, s in option.schema["properties"].items() if n != key}
        required = [key, *(name for name in option.schema["required"] if name != key)]
        options.append(option.schema | {"properties": properties, "required": required, "title": f"By {mark}"})
        values.append(option.values.map(lambda value, mark=mark: value | {key: mark}))
    return Drawn({"type": "object", "oneOf": options}, st.one_of(values))


@st.composite
def conditionals(draw: DrawFn, inner: SearchStrategy[Drawn]) -> Drawn:
    """Fields that others bring along."""
    extra, other = draw(inner), draw(inner)
    how = draw(st.sampled_from(["if", "then only", "dependentRequired", "dependentSchemas"]))
    properties = {"mode": {"enum": ["on", "off"]}, "extra": extra.schema}
    schema: Json = {"type": "object", "properties": properties}
    on = {"properties": {"mode": {"const": "on"}}, "required": ["mode"]}
    if how == "if":
        schema |= {"if": on, "then": {"required": ["extra"]}, "else": {"properties": {"other": other.schema}}}
    elif how == "then only":
        schema = {"properties": {"mode": properties["mode"]}, "if": on, "then": {"properties": {"extra": extra.schema}}}
    elif how == "dependentRequired":
        schema |= {"dependentRequired": {"mode": ["extra"]}}
    else:
        schema |= {"dependentSchemas": {"mode": {"properties": {"other": other.schema}, "required": ["other"]}}}
    values = st.fixed_dictionaries(
        {}, optional={"mode": st.sampled_from(["on", "off"]), "extra": extra.values, "other": other.values}
    )
    return Drawn(schema, values)


leaves = st.one_of(
    strings(), numbers(), st.just(Drawn({"type": "boolean"}, st.booleans())), choices(), secrets(), free(), checks()
)


def parts(depth: int) -> SearchStrategy[Drawn]:
    if depth == 0:
        return leaves
    inner = st.deferred(lambda: parts(depth - 1))
    branched = st.one_of(
        objects(inner), alternatives(inner), conditionals(inner), lists(inner), maps(inner), nullable(inner)
    )
    return st.one_of(leaves, branched)


@st.composite
def documents(draw: DrawFn) -> tuple[Json, Json]:
    """(a schema, a document for it): the outermost is an object, and some fields have a default."""
    inner = parts(2)
    found = draw(st.one_of(objects(inner), objects(inner), alternatives(inner), conditionals(inner), maps(inner)))
    schema = found.schema
    for name, field in schema.get("properties", {}).items():
        if draw(st.integers(0, 5)) == 0:
            value = draw(found.values).get(name)
            schema = (
                schema | {"properties": schema["properties"] | {name: field | {"default": value}}} if value else schema
            )
    return schema, draw(found.values)
