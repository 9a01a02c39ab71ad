"""Reads single controls: what a browser sent, as a value of the kind the schema expects."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from connectors.forms import names
from connectors.forms.controls import MISSING, read_json
from connectors.forms.facts import Kind, choices, chosen_value, expected, item, kind, say, secret_kind
from connectors.schemas.values import Json

Posted = Mapping[str, Sequence[str]]

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_OFFSET = re.compile(r"[+-]\d\d:\d\d")
_AS_TYPED = (None, "password", "textarea", "json", "sql", "regex")


class NotJson(ValueError):
    """A text that should have been JSON; the message says where it breaks."""


def was_shown(posted: Posted, name: str) -> bool:
    return name in posted or name + names.NOTHING in posted


def first(posted: Posted, name: str) -> str:
    """The last value of a name, as Django takes it."""
    values = posted.get(name) or [""]
    return values[-1].replace("\r\n", "\n")


def nothing(posted: Posted, name: str) -> Any:
    """What an empty control stands for."""
    text = first(posted, name + names.NOTHING)
    try:
        return read_json(text) if text else MISSING
    except ValueError:
        return MISSING


def value(posted: Posted, name: str, schema: Json) -> Any:
    """What a control says; MISSING when it was left empty. A number that is none stays the text that was typed."""
    text = first(posted, name)
    if name + names.JSON_TEXT in posted:
        return any_value(text, schema) if text.strip() else nothing(posted, name)
    what = kind(schema)
    if what is Kind.SWITCH:
        return True if text else nothing(posted, name)
    if what is Kind.CHECKS or name + names.ORDER in posted:
        return _ticked(posted, name, schema)
    if name + names.ZONE in posted:
        text = _moment(text, first(posted, name + names.ZONE))
    return scalar(text, schema, what) if text else nothing(posted, name)


def scalar(text: str, schema: Json, what: Kind) -> Any:
    if what is Kind.CHOICE:
        return chosen_value([choice for choice, _ in choices(schema)], text)
    if what is Kind.NUMBER:
        return number(text)
    return text if say(schema, "format") in _AS_TYPED else text.strip()


def secret(text: str, schema: Json) -> Any:
    what = secret_kind(schema)
    if what is Kind.NUMBER:
        return number(text)
    if what is Kind.ANY:
        try:
            return read_json(text)
        except ValueError:
            return text
    return text


def number(text: str) -> Any:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return text
    try:
        found = float(text) if set(text) & set(".eE") else int(text)
    except ValueError:
        return text
    return text if found in (float("inf"), float("-inf")) else found


def any_value(text: str, schema: Json) -> Any:
    """JSON; where a text may stand, a text that is no JSON is one."""
    text = text.strip()
    try:
        return read_json(text)
    except ValueError as error:
        kinds = expected(schema)
        if text[0] not in '{["' and (not kinds or "string" in kinds):
            return text
        raise NotJson(_where(error)) from None


def _where(error: ValueError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return gettext("This is not JSON.")
    words = gettext("This is not JSON: it breaks in line %(line)d, column %(column)d.")
    return words % {"line": error.lineno, "column": error.colno}


def _ticked(posted: Posted, name: str, schema: Json) -> Any:
    """The ticked boxes: those that were ticked before in the order they had, then the new ones."""
    ticked = list(posted.get(name, ()))
    if not ticked:
        return nothing(posted, name)
    before = _order(first(posted, name + names.ORDER))
    ordered = [token for token in before if token in ticked] + [token for token in ticked if token not in before]
    items = item(schema) or {}
    return [scalar(token, items, kind(items)) for token in dict.fromkeys(ordered)]


def _order(text: str) -> list[str]:
    try:
        found = json.loads(text) if text else []
    except ValueError:
        return []
    return [token for token in found if isinstance(token, str)] if isinstance(found, list) else []


def _moment(clock: str, zone: str) -> str:
    """2026-01-31T09:30 and Europe/Berlin -> 2026-01-31T09:30:00+01:00"""
    clock, zone = clock.strip(), zone.strip() or "Z"
    if not clock:
        return ""
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", clock):
        clock += ":00"
    if zone.upper() in ("Z", "UTC"):
        return clock + "Z"
    return clock + (zone if _OFFSET.fullmatch(zone) else _offset(clock, zone))


def _offset(clock: str, zone: str) -> str:
    """The offset of a named zone at that time; a name that nobody knows stays, for the judge to refuse."""
    try:
        offset = datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone)).isoformat()[-6:]
    except (ValueError, KeyError, OSError):
        return zone
    return offset if _OFFSET.fullmatch(offset) else zone
