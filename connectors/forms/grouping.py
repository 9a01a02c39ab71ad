"""Puts the fields of an object into sections: plain ones first, then the named groups, the advanced ones folded."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext

from connectors.forms.facts import say
from connectors.forms.model import Node, Section
from connectors.forms.names import humanised
from connectors.schemas.values import Json


def sections(nodes: Iterable[tuple[Json, Node]]) -> tuple[Section, ...]:
    """Sections in the order in which their first field comes."""
    found: dict[tuple[bool, str], list[Node]] = {(False, ""): []}
    for schema, node in nodes:
        folded = say(schema, "x-advanced") is True
        title = say(schema, "x-group")
        name = humanised(title) if isinstance(title, str) and title else gettext("Advanced") if folded else ""
        found.setdefault((folded, name), []).append(node)
    ordered = sorted(found.items(), key=lambda pair: pair[0][0])
    return tuple(Section(name, tuple(members), is_folded=folded) for (folded, name), members in ordered if members)
