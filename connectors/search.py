"""Finds connectors by what people type: words of name, categories and description, their beginnings, and typos."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count, Max, QuerySet
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from connectors.models import Connector

WORD = re.compile(r"[^\W_]+")
WEIGHTS = {"name": 8.0, "slug": 6.0, "categories": 4.0, "summary": 3.0, "description": 1.0}
EXACT, BEGINNING, INSIDE, TYPO = 1.0, 0.8, 0.5, 0.35
TYPO_LENGTH = 4
"""Shorter words have too many neighbours for a guess."""
LONG_WORD = 8
LIMIT = 200
"""Neighbours of one word that are looked at."""


@dataclass(slots=True)
class Index:
    """Which connectors speak of which word, and how loudly."""

    state: tuple[object, ...]
    words: dict[str, dict[UUID, float]] = field(default_factory=lambda: defaultdict(dict))
    spelled: list[str] = field(default_factory=list)
    categories: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def find(self, text: str) -> list[UUID]:
        """The connectors that speak of every word of the text, best first."""
        scores: dict[UUID, float] | None = None
        for word in words_of(text):
            found = self._of_word(word)
            scores = found if scores is None else {pk: scores[pk] + found[pk] for pk in scores.keys() & found.keys()}
        return sorted(scores or {}, key=lambda pk: (-(scores or {})[pk], str(pk)))

    def _of_word(self, word: str) -> dict[UUID, float]:
        found: dict[UUID, float] = {}
        for other, likeness in self._alike(word).items():
            for pk, weight in self.words[other].items():
                found[pk] = max(found.get(pk, 0.0), weight * likeness)
        return found

    def _alike(self, word: str) -> dict[str, float]:
        alike = {other: _likeness(word, other) for other in self.spelled if word in other}
        # A typo is looked for only when nobody spells it so: "mail" is not "main".
        return alike or self._neighbours(word)

    def _neighbours(self, word: str) -> dict[str, float]:
        if len(word) < TYPO_LENGTH:
            return {}
        most = 2 if len(word) >= LONG_WORD else 1
        near = process.extract(word, self.spelled, scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=LIMIT)
        return {other: TYPO for other, _, _ in near}


_kept: dict[str, Index] = {}


def index_of(rows: QuerySet[Connector], key: str) -> Index:
    """The index of these rows; `key` names the set of them, and the index is kept until one of them changes."""
    state = _state(rows)
    index = _kept.get(key)
    if index is None or index.state != state:
        index = _kept[key] = _built(rows, state)
    return index


def words_of(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]


def _state(rows: QuerySet[Connector]) -> tuple[object, ...]:
    found = rows.order_by().aggregate(number=Count("pk"), newest=Max("updated_at"))
    return found["number"], found["newest"]


def _built(rows: QuerySet[Connector], state: tuple[object, ...]) -> Index:
    index = Index(state)
    for pk, *texts in rows.order_by().values_list("pk", *WEIGHTS):
        for (name, weight), text in zip(WEIGHTS.items(), texts, strict=True):
            _note(index, pk, weight, text)
            for category in _texts(text) if name == "categories" else ():
                index.categories[category] += 1
    index.spelled = list(index.words)
    return index


def _note(index: Index, pk: UUID, weight: float, text: str | list[str]) -> None:
    for word in words_of(text if isinstance(text, str) else " ".join(_texts(text))):
        heard = index.words[word]
        heard[pk] = max(heard.get(pk, 0.0), weight)


def _texts(values: Iterable[object]) -> Iterable[str]:
    return (value for value in values if isinstance(value, str))


def _likeness(word: str, other: str) -> float:
    if other == word:
        return EXACT
    return BEGINNING if other.startswith(word) else INSIDE
