"""What a form is made of: frozen values that templates only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from connectors.forms.names import ACTION, dom_id
from connectors.schemas import FieldError


class Widget(StrEnum):
    TEXT = "text"
    TEXTAREA = "textarea"
    DATE = "date"
    MOMENT = "moment"
    JSON = "json"
    SWITCH = "switch"
    SELECT = "select"
    RADIOS = "radios"
    CARDS = "cards"
    CHECKS = "checks"
    SECRET = "secret"  # noqa: S105
    FIXED = "fixed"
    LEFTOVER = "leftover"


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    is_chosen: bool = False
    description: str = ""
    is_gone: bool = False  # it was chosen, and is offered no more


@dataclass(frozen=True, slots=True)
class Help:
    """What there is to say about a field: `short` fits below it, `more` is for who asks. Both are safe HTML."""

    short: str = ""
    more: str = ""
    examples: tuple[str, ...] = ()
    docs_url: str = ""

    def __bool__(self) -> bool:
        return bool(self.short or self.more or self.examples or self.docs_url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One part of the document. `nothing` is what its being empty stands for, as JSON; empty: it is left out."""

    pointer: str
    name: str
    label: str
    help: Help = Help()
    is_required: bool = False
    nothing: str = ""
    is_label_hidden: bool = False  # what it is called is seen elsewhere; whoever cannot see is told
    depends_on: tuple[str, ...] = ()  # names of the controls whose values show and hide it
    source: str = ""  # where its choices can be asked for
    notice: str = ""  # why they could not be
    errors: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return dom_id(self.name)

    @property
    def described_by(self) -> str:
        parts = [("hint", bool(self.help)), ("errors", bool(self.errors))]
        return " ".join(f"{self.id}-{part}" for part, is_there in parts if is_there)

    def children(self) -> Iterator[Node]:
        return iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    widget: Widget
    text: str = ""
    zone: str = ""
    options: tuple[Option, ...] = ()
    order: str = ""
    placeholder: str = ""
    input_mode: str = ""
    max_length: int | None = None
    rows: int = 4
    is_on: bool = False
    is_kept: bool = False
    is_multiline: bool = False
    is_removable: bool = False
    is_trigger: bool = False  # other fields depend on it: show the form anew when it changes
    is_loaded: bool = False  # its choices were brought along

    @property
    def template(self) -> str:
        return "forms/_field.html"

    @property
    def body(self) -> str:
        return self.template

    @property
    def control(self) -> str:
        return f"forms/_{self.widget}.html"

    @property
    def has_label(self) -> bool:
        return self.widget is not Widget.SWITCH

    @property
    def is_fieldset(self) -> bool:
        return self.widget in (Widget.RADIOS, Widget.CARDS, Widget.CHECKS)

    @property
    def has_blank(self) -> bool:
        return not self.is_required or not any(option.is_chosen for option in self.options)


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that are shown together; a folded one opens by a click, or because something in it is wrong."""

    title: str
    nodes: tuple[Node, ...]
    is_folded: bool = False

    @property
    def is_open(self) -> bool:
        return any(node.errors for top in self.nodes for node in walk(top))


@dataclass(frozen=True, slots=True)
class Row:
    """An item of a list, or an entry of a map with its name."""

    name: str
    mark: str
    node: Node
    key: str = ""
    is_first: bool = False
    is_last: bool = False

    @property
    def key_id(self) -> str:
        return dom_id(self.name + "~n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Node):
    """A list, or the entries of a map."""

    rows: tuple[Row, ...] = ()
    is_map: bool = False
    is_full: bool = False
    noun: str = ""

    @property
    def template(self) -> str:
        return "forms/_rows.html"

    def children(self) -> Iterator[Node]:
        return (row.node for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Node):
    """An object. A closed one is not given, and has no fields."""

    sections: tuple[Section, ...] = ()
    is_open: bool = True
    is_removable: bool = False

    @property
    def template(self) -> str:
        return "forms/_group.html"

    @property
    def body(self) -> str:
        """The outermost object stands without a frame."""
        return "forms/_sections.html"

    def children(self) -> Iterator[Node]:
        return (node for section in self.sections for node in section.nodes)


@dataclass(frozen=True, slots=True)
class Form:
    id: str
    prefix: str
    root: Field | Group
    refresh_url: str = ""
    errors: tuple[FieldError, ...] = ()  # all of them, for the summary

    @property
    def action(self) -> str:
        return ACTION

    @property
    def field_count(self) -> int:
        return sum(isinstance(node, Field) for node in walk(self.root))

    @property
    def is_searchable(self) -> bool:
        return self.field_count > 20

    def find(self, name: str) -> Node | None:
        return next((node for node in walk(self.root) if node.name == name), None)

    @property
    def wrong(self) -> list[Node]:
        """What has errors, in the order of the form: the first one gets the focus."""
        return [node for node in walk(self.root) if node.errors]


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children():
        yield from walk(child)
