"""Fields that are one control."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

from django.utils.translation import gettext

from connectors.forms.context import Context, Spot
from connectors.forms.facts import Kind, choices, is_nullable, item, kind, say, secret_kind, source, stray_token, tokens
from connectors.forms.helping import help_of
from connectors.forms.model import Field, Option, Widget
from connectors.schemas.values import Json


class Missing(Enum):
    """What stands for a value that is not there: copying it does not make another."""

    MISSING = "missing"


MISSING: Any = Missing.MISSING
_ABSENT = (MISSING, None)
_FEW = 4
_INPUT_MODES = {"uri": "url", "url": "url", "email": "email", "integer": "numeric", "number": "decimal"}
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(Z|[+-]\d\d:\d\d)")
_UNSHOWABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # no browser sends these back as they are


def field(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    """The one control that shows a value which is no object and no list of objects."""
    if spot.pointer in context.texts:
        return as_text(spot, schema, context.texts[spot.pointer], value)
    return _FIELDS.get(kind(schema), _any)(context, spot, schema, value)


def common(spot: Spot, schema: Json, value: Any) -> dict[str, Any]:
    """What every field has."""
    return {
        "pointer": spot.pointer,
        "name": spot.name,
        "label": spot.label(str(say(schema, "title", ""))),
        "help": help_of(schema),
        "is_required": spot.is_required,
        "is_label_hidden": spot.is_item,
        "is_trigger": spot.is_trigger,
        "depends_on": spot.depends_on,
        "nothing": nothing(spot, schema, value),
        "placeholder": str(say(schema, "x-placeholder", "")),
    }


def nothing(spot: Spot, schema: Json, value: Any) -> str:
    """What it means that the field is left empty. What was empty in the document stays what it was."""
    if value == "":
        return '""'
    if is_nullable(schema) and (value is None or (value is MISSING and spot.is_required) or has_default(schema)):
        return "null"
    return '""' if say(schema, "minLength") == 0 and value not in _ABSENT else ""


def has_default(schema: Json) -> bool:
    return say(schema, "default", MISSING) is not MISSING


def _text(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    text = "" if value in _ABSENT else value
    if not isinstance(text, str):
        return _any(context, spot, schema, value)
    if _UNSHOWABLE.search(text):
        return as_text(spot, schema, json.dumps(text), value)
    known = offered(context, spot, schema)
    if known is not None:
        return _live(context, spot, schema, value, known)
    shared = common(spot, schema, value) | asking(context, spot, schema)
    name = str(say(schema, "format", ""))
    if name == "date" and is_date(text):
        return Field(**shared, widget=Widget.DATE, text=text)
    if name == "date-time" and (not text or is_moment(text)):
        return _moment(shared, text)
    if is_multiline(schema) or "\n" in text:
        rows = 10 if name in ("sql", "json") else 4
        return Field(**shared, widget=Widget.TEXTAREA, text=text, rows=rows, max_length=say(schema, "maxLength"))
    return Field(**shared, widget=Widget.TEXT, text=text, input_mode=_INPUT_MODES.get(name, ""))


def is_multiline(schema: Json) -> bool:
    return say(schema, "format") in ("textarea", "json", "sql") or say(schema, "x-multiline") is True


def is_date(text: str) -> bool:
    try:
        return not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def is_moment(text: str) -> bool:
    found = _MOMENT.fullmatch(text)
    try:
        return bool(found) and datetime.fromisoformat(text.replace("Z", "+00:00")) is not None
    except ValueError:
        return False


def _moment(shared: dict[str, Any], text: str) -> Field:
    found = _MOMENT.fullmatch(text)
    clock, zone = (found[1], found[2]) if found else ("", "")
    return Field(**shared, widget=Widget.MOMENT, text=clock, zone=zone)


def offered(context: Context, spot: Spot, schema: Json) -> Sequence[Option] | None:
    """Choices that the page brings along."""
    if say(schema, "format") == "dataset" and context.datasets is not None:
        return context.datasets
    return context.choices.get(spot.pointer, context.choices.get(source(schema)))


def asking(context: Context, spot: Spot, schema: Json) -> dict[str, Any]:
    """What a field has whose choices can be asked for. The rows of a list are given theirs by the list."""
    asked = source(schema) or source(item(schema) or {})
    return {"source": "" if spot.is_item else asked, "notice": context.notices.get(spot.pointer, "")}


def _typed(value: Any) -> str:
    return "" if value in _ABSENT else value if isinstance(value, str) else json.dumps(value)


def _live(context: Context, spot: Spot, schema: Json, value: Any, brought: Sequence[Option]) -> Field:
    current = _typed(value)
    known = [Option(option.value, option.label, option.value == current, option.description) for option in brought]
    if current and not any(option.is_chosen for option in known):
        known.append(Option(current, current, is_chosen=True, is_gone=True))
    shared = common(spot, schema, value) | asking(context, spot, schema)
    return Field(**shared, widget=Widget.SELECT, options=tuple(known), is_loaded=bool(shared["source"]))


def _number(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    if isinstance(value, bool) or not (value in _ABSENT or isinstance(value, int | float | str)):
        return _any(context, spot, schema, value)
    known = offered(context, spot, schema)
    if known is not None:
        return _live(context, spot, schema, value, known)
    shared, text = common(spot, schema, value) | asking(context, spot, schema), _typed(value)
    whole = say(schema, "type") == "integer"
    mode = "numeric" if whole and (say(schema, "minimum") or 0) >= 0 else "text"
    return Field(**shared, widget=Widget.TEXT, text=text, input_mode=mode)


def _switch(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    if not (value in _ABSENT or isinstance(value, bool)):
        return _any(context, spot, schema, value)
    shared = common(spot, schema, value)
    is_certain = isinstance(value, bool) or spot.is_required or spot.is_item or has_default(schema)
    off = "null" if value is None and is_nullable(schema) else "false" if is_certain else ""
    return Field(**shared | {"nothing": off}, widget=Widget.SWITCH, is_on=value is True)


def _choice(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    known = choices(schema)
    options = options_of([choice for choice, _ in known], [said for _, said in known], value)
    shared = common(spot, schema, value) | {"nothing": ""}
    if len(known) == 1 and len(options) == 1 and spot.is_required:
        return Field(**shared, widget=Widget.FIXED, text=options[0].label, options=options)
    few = len(options) <= _FEW and (spot.is_required or has_default(schema))
    return Field(**shared, widget=Widget.RADIOS if few else Widget.SELECT, options=options)


def options_of(values: list[Any], said: list[Json], value: Any) -> tuple[Option, ...]:
    """The options of a choice; a value that is offered no more stays one until another is chosen."""
    pairs = zip(values, tokens(values), said, strict=True)
    found = [Option(token, title_of(v, s), same(v, value), str(s.get("description", ""))) for v, token, s in pairs]
    is_known = value is MISSING or any(option.is_chosen for option in found) or (value is None and None not in values)
    if not is_known:
        found.append(Option(stray_token(value), title_of(value, {}), is_chosen=True, is_gone=True))
    return tuple(found)


def title_of(value: Any, said: Json) -> str:
    if "title" in said:
        return str(said["title"])
    if value is None:
        return gettext("None")
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def same(left: Any, right: Any) -> bool:
    return right is not MISSING and json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def _checks(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    known = choices(item(schema) or {})
    values = [choice for choice, _ in known]
    ticked = value if isinstance(value, list) else []
    if not (value in _ABSENT or isinstance(value, list)) or len({json.dumps(v) for v in ticked}) < len(ticked):
        return _any(context, spot, schema, value)
    options = [
        Option(token, title_of(v, said), any(same(v, one) for one in ticked), str(said.get("description", "")))
        for (v, said), token in zip(known, tokens(values), strict=True)
    ]
    strays = [v for v in ticked if not any(same(v, one) for one in values)]
    options += [Option(stray_token(v), title_of(v, {}), is_chosen=True, is_gone=True) for v in strays]
    return checks(spot, schema, value, options, [_token(values, v) for v in ticked])


def checks(spot: Spot, schema: Json, value: Any, options: Iterable[Option], order: list[str]) -> Field:
    shared = common(spot, schema, value) | {"nothing": empty_list(spot, schema, value)}
    return Field(**shared, widget=Widget.CHECKS, options=tuple(options), order=json.dumps(order))


def empty_list(spot: Spot, schema: Json, value: Any) -> str:
    """What it means that nothing is in it. A list that is demanded is not given by being emptied."""
    if value is None and is_nullable(schema):
        return "null"
    if spot.is_required and value and not spot.is_item:
        return ""
    is_certain = isinstance(value, list) or spot.is_item or has_default(schema)
    return "[]" if is_certain else ""


def _token(values: list[Any], value: Any) -> str:
    return next((t for v, t in zip(values, tokens(values), strict=True) if same(v, value)), stray_token(value))


def _secret(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    """Never holds the value: only that there is one."""
    is_kept = value not in (MISSING, None, "", [], {})
    shared = common(spot, schema, MISSING if is_kept else value)
    return Field(
        **shared,
        widget=Widget.SECRET,
        is_kept=is_kept,
        is_multiline=is_multiline(schema) or secret_kind(schema) is Kind.ANY,
        is_removable=is_kept and not spot.is_required,
    )


def _fixed(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    return Field(
        **common(spot, schema, MISSING), widget=Widget.FIXED, text="" if value is MISSING else loose_text(value)
    )


def kept(spot: Spot, schema: Json) -> Field:
    """A value that may not be shown, because the schema does not know it or expects something else."""
    return Field(**common(spot, schema, MISSING), widget=Widget.LEFTOVER, is_kept=True, is_removable=True)


def _any(context: Context, spot: Spot, schema: Json, value: Any) -> Field:
    return as_json(spot, schema, value)


def as_json(spot: Spot, schema: Json, value: Any) -> Field:
    return as_text(spot, schema, "" if value is MISSING else loose_text(value), value)


def as_text(spot: Spot, schema: Json, text: str, value: Any) -> Field:
    shared = common(spot, schema, MISSING if value in ("", None) else value) | {"nothing": ""}
    return Field(**shared, widget=Widget.JSON, text=text, rows=min(max(text.count("\n") + 1, 3), 20))


def loose_text(value: Any) -> str:
    """JSON, but a text that cannot be taken for JSON is shown as it is."""
    if isinstance(value, str) and is_plain(value):
        return value
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return json.dumps(value, indent=2) if _UNSHOWABLE.search(text) else text


def is_plain(text: str) -> bool:
    """Would the text be read as itself, and not as JSON?"""
    if text != text.strip() or not text or text[0] in '{["' or _UNSHOWABLE.search(text):
        return False
    try:
        read_json(text)
    except ValueError:
        return True
    return False


def read_json(text: str) -> Any:
    """JSON and no more: NaN and Infinity are none."""
    return json.loads(text, parse_constant=_refuse)


def is_unshowable(name: str) -> bool:
    """Would an input of one line lose some of it?"""
    return "\n" in name or bool(_UNSHOWABLE.search(name))


def _refuse(word: str) -> Any:
    raise ValueError(word)


_FIELDS = {
    Kind.SECRET: _secret,
    Kind.FIXED: _fixed,
    Kind.CHOICE: _choice,
    Kind.CHECKS: _checks,
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.SWITCH: _switch,
    Kind.ANY: _any,
}
