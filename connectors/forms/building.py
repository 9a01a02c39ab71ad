"""Makes the tree of a form from a schema and a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext

from connectors.forms import controls
from connectors.forms.context import Context, Spot
from connectors.forms.controls import MISSING
from connectors.forms.facts import Kind, discriminators, entry, is_nullable, item, kind, plain, say
from connectors.forms.grouping import sections
from connectors.forms.model import Field, Group, Node, Option, Row, Rows, Widget
from connectors.forms.names import ROWS, humanised
from connectors.forms.shown import needed, shown, start, starts_by_itself, triggers
from connectors.schemas import branches, chosen, holds_secret, item_schema, property_schema
from connectors.schemas.masking import hides
from connectors.schemas.shape import constant, is_open
from connectors.schemas.values import Json

# More than this is shown as JSON: a page of ten thousand rows helps nobody, and no browser could send it back.
_MOST_ROWS = 100


def root(context: Context, spot: Spot, schema: Json, value: Json) -> Field | Group:
    found = node(context, spot, schema, value)
    return found if isinstance(found, Field | Group) else controls.as_json(spot, schema, value)


def node(context: Context, spot: Spot, schema: Json, value: Any) -> Node:
    what = kind(schema)
    if what is not Kind.SECRET and value not in (MISSING, None) and hides(schema, value):
        return controls.kept(spot, schema)
    if spot.pointer in context.texts:
        return controls.field(context, spot, schema, value)
    if what is Kind.OBJECT and isinstance(value, dict) and any(map(controls.is_unshowable, value)):
        return controls.kept(spot, schema) if holds_secret(schema) else controls.as_json(spot, schema, value)
    if what is Kind.OBJECT and (value in (MISSING, None) or isinstance(value, dict)):
        return group(context, spot, schema, value)
    if what in (Kind.LIST, Kind.CHECKS) and (offered := _offered_items(context, spot, schema, value)):
        return offered
    if what is Kind.LIST and (value in (MISSING, None) or isinstance(value, list)):
        return _list(context, spot, schema, value)
    return controls.field(context, spot, schema, value)


def group(context: Context, spot: Spot, schema: Json, value: Any) -> Group:
    """An object: its fields, and the entries that have no declared name."""
    shared = controls.common(spot, schema, value) | {"nothing": _empty_object(spot, schema, value)}
    del shared["is_trigger"], shared["placeholder"]
    if not _is_shown(spot, schema, value):
        return Group(**shared, is_open=False)
    filled = value if isinstance(value, dict) else start(schema)
    whole = plain(schema)
    nodes = [*_properties(context, spot, whole, filled), *_entries(context, spot, whole, filled)]
    return Group(**shared, sections=sections(nodes), is_removable=_is_removable(spot, schema, value))


def _is_shown(spot: Spot, schema: Json, value: Any) -> bool:
    if value is None and is_nullable(schema):
        return False
    return isinstance(value, dict) or spot.is_required or spot.is_item or starts_by_itself(schema)


def _is_removable(spot: Spot, schema: Json, value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    is_certain = spot.is_required or spot.is_item or starts_by_itself(schema) or controls.has_default(schema)
    return is_nullable(schema) or not is_certain


def _empty_object(spot: Spot, schema: Json, value: Any) -> str:
    if value is None and is_nullable(schema):
        return "null"
    return "{}" if isinstance(value, dict) or spot.is_required or spot.is_item else ""


def _properties(context: Context, spot: Spot, schema: Json, value: Json) -> Iterator[tuple[Json, Node]]:
    parts = list(chosen(schema, value))
    choosers, watched, required = discriminators(parts), triggers(parts), needed(parts, value)
    fixed = {name for part in _unconditional(schema) for name in part.get("properties", ())}
    names = tuple(spot.property(name).name for name in watched | choosers.keys())
    for name, part in shown(parts).items():
        below = spot.property(
            name,
            is_required=name in required,
            is_trigger=name in watched,
            depends_on=() if name in fixed else names,
        )
        if name in choosers:
            yield part, cards(below, schema, choosers[name], value.get(name, MISSING))
        else:
            yield part, node(context, below, part, value.get(name, MISSING))


def _unconditional(schema: Json) -> Iterator[Json]:
    yield schema
    for part in schema.get("allOf", ()):
        yield from _unconditional(part)


def cards(spot: Spot, parent: Json, options: list[Json], value: Any) -> Field:
    """The choice among the options of an object, as cards. It is called what the object is, unless it has a name."""
    fields = [option["properties"][spot.key] for option in options]
    values = [constant(one)[0] for one in fields]
    said = [_said(option, one, value) for option, one, value in zip(options, fields, values, strict=True)]
    titles = {one.get("title") for one in fields}
    title = titles.pop() if len(titles) == 1 and len(fields) > 1 else None
    shared = controls.common(spot, {"title": title or say(parent, "title", "")}, value)
    shared |= {"nothing": "", "is_trigger": True, "is_required": True}
    shared |= {"is_label_hidden": not title and "title" in parent}
    return Field(**shared, widget=Widget.CARDS, options=controls.options_of(values, said, value))


def _said(option: Json, field: Json, value: Any) -> Json:
    title = option.get("title") or field.get("title") or humanised(str(value))
    return {"title": title, "description": option.get("description") or field.get("description") or ""}


def _entries(context: Context, spot: Spot, schema: Json, value: Json) -> Iterator[tuple[Json, Node]]:
    """What the object holds without having declared it: entries of a map, and what older versions left."""
    parts, every = list(chosen(schema, value)), list(branches(schema))
    declared = {name for part in every for name in part.get("properties", ())}
    more = entry(parts)
    undeclared = [name for name in value if name not in declared]
    if more is not None:
        yield {}, _map(context, spot, more, parts, {name: value[name] for name in undeclared})
        return
    for name in undeclared:
        below = spot.property(name)
        if is_open(every):
            yield {}, controls.field(context, below, {"description": ""}, value[name])
        else:
            yield {}, controls.kept(below, {})


def _map(context: Context, spot: Spot, more: Json, parts: list[Json], value: Json) -> Rows:
    home = Spot(pointer=spot.pointer, name=spot.name + "/" + ROWS)
    rows = [
        _row(context, home, index, key, property_schema(parts, key) or more, item)
        for index, (key, item) in enumerate(value.items())
    ]
    title = str(say(more, "title", ""))
    return Rows(pointer=spot.pointer + "/" + ROWS, name=home.name, label=title, rows=tuple(rows), is_map=True)


def _row(context: Context, home: Spot, index: int, key: str, schema: Json, value: Any) -> Row:
    spot = Spot(
        pointer=home.property(key).pointer,
        name=f"{home.name}/{index}",
        key=key,
        title=key or gettext("Value"),
        is_item=True,
    )
    shown = node(context, spot, schema, value)
    return Row(name=spot.name, mark=str(index), node=shown, key=key)


def _list(context: Context, spot: Spot, schema: Json, value: Any) -> Node:
    items = value if isinstance(value, list) else []
    if len(items) > _MOST_ROWS and not holds_secret(schema):
        return controls.as_json(spot, schema, value)
    least = say(schema, "minItems", 0) if spot.is_required else 0
    blank = [MISSING] * (min(least, 1) - len(items))
    parts = list(chosen(plain(schema), value))
    shared = controls.common(spot, schema, value) | {"nothing": controls.empty_list(spot, schema, value)}
    shared |= controls.asking(context, spot, schema)
    del shared["is_trigger"], shared["placeholder"]
    spots = [replace(spot, title=f"{shared['label']} {index + 1}") for index in range(len(items) + len(blank))]
    rows = tuple(_item(context, *row, parts) for row in zip(spots, range(len(spots)), [*items, *blank], strict=True))
    rows = tuple(replace(row, is_first=i == 0, is_last=i == len(rows) - 1) for i, row in enumerate(rows))
    return Rows(**shared, rows=rows, is_full=len(rows) >= say(schema, "maxItems", len(rows) + 1), noun=_noun(schema))


def _noun(schema: Json) -> str:
    return str(say(item(schema) or {}, "title", ""))


def _item(context: Context, spot: Spot, index: int, value: Any, parts: list[Json]) -> Row:
    place = spot.property(str(index), is_item=True, title=spot.title)
    schema = item_schema(parts, index) or {}
    shown = node(context, place, schema, value)
    return Row(name=place.name, mark=str(index), node=shown)


def _offered_items(context: Context, spot: Spot, schema: Json, value: Any) -> Node | None:
    """A list of values of which the page brings the choices along."""
    items = item(schema) or {}
    offered = controls.offered(context, spot, schema) or controls.offered(context, spot, items)
    ticked = value if isinstance(value, list) else []
    if not offered or not all(isinstance(one, str) for one in ticked) or len(set(ticked)) < len(ticked):
        return None
    options = [Option(o.value, o.label, o.value in ticked, o.description) for o in offered]
    gone = set(ticked) - {option.value for option in offered}
    options += [Option(one, one, is_chosen=True, is_gone=True) for one in ticked if one in gone]
    boxes = controls.checks(spot, schema, value, options, list(ticked))
    asked = controls.asking(context, spot, schema)
    return replace(boxes, **asked, is_loaded=bool(asked["source"]))
