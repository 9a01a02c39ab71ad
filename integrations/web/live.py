"""Choices of fields, loaded when somebody asks for them. Its buttons send the form, with a script and without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from connectors.forms import Form, Option, Parsed
from integrations.domain import Choice, Json
from integrations.services.errors import Refused
from integrations.vault import Unreadable

LOAD, TYPE = "options", "typed"
Ask = Callable[[str], Sequence[Choice]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`known` are the choices by source, as JSON keeps them; `notices` say, by pointer, why there are none."""

    known: Json
    notices: dict[str, str] = field(default_factory=dict)


def load(parsed: Parsed, form: Form, known: Json, ask: Ask) -> Loaded:
    """Do what the pressed button says: ask for the choices of its field, or let it be typed."""
    node = form.find(parsed.target) if parsed.action in (LOAD, TYPE) else None
    if node is None or not node.source:
        return Loaded(known)
    others = {source: found for source, found in known.items() if source != node.source}
    if parsed.action == TYPE:
        return Loaded(others)
    try:
        found = ask(node.source)
    except Refused as refusal:
        return Loaded(others, {node.pointer: _words(f"{refusal.detail} {refusal.fix}")})
    except Unreadable:
        return Loaded(others, {node.pointer: _words(_("The credential cannot be opened. Enter its secrets again."))})
    if not found:
        return Loaded(others, {node.pointer: _("There is nothing to choose from: type the value.")})
    return Loaded(others | {node.source: [[one.value, one.label, one.description] for one in found]})


def options(known: Json) -> dict[str, list[Option]]:
    return {
        source: [Option(value, label, description=description) for value, label, description in found]
        for source, found in known.items()
    }


def _words(reason: str) -> str:
    return _("The choices could not be loaded. %(reason)s") % {"reason": reason.strip()}
