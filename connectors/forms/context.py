"""What the building of a form carries along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from connectors.forms.model import Option
from connectors.forms.names import humanised
from connectors.schemas import below


@dataclass(frozen=True, slots=True)
class Context:
    """`choices` are live ones, by pointer or by the source that `x-options` names; `notices`, by pointer, say why there
    are none. `texts`, by pointer, are what was typed as JSON and is none."""

    datasets: Sequence[Option] | None = None
    choices: Mapping[str, Sequence[Option]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    notices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the document and in the form something stands."""

    pointer: str
    name: str
    key: str = ""
    title: str = ""  # what a row is called, which has no name of its own
    is_required: bool = False
    is_item: bool = False
    is_trigger: bool = False
    depends_on: tuple[str, ...] = ()

    def property(self, key: str, **facts: str | bool | tuple[str, ...]) -> Spot:
        place = Spot(pointer=below(self.pointer, key), name=below(self.name, key), key=key)
        return replace(place, **facts)  # type: ignore[arg-type]

    def label(self, title: str) -> str:
        return self.title or title or humanised(self.key)
