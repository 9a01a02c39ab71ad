"""Pipelines as people see them: integrations that read each other's rows, each pipeline in the order of its runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from uuid import UUID

from django.db.models import QuerySet

from integrations.models import Integration, IntegrationInput
from integrations.services import overview
from integrations.services.overview import Overview


@dataclass(frozen=True, slots=True)
class Link:
    """`reader` reads the dataset of `source`, under a name of its own."""

    source: UUID
    reader: UUID
    dataset: UUID
    name: str


Web = Sequence[Link]
"""The links of one pipeline: whatever hangs together."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """`id` is that of the integration it begins with: the oldest one that reads nobody's rows."""

    id: UUID
    integrations: Sequence[Overview]
    """Each after those whose rows it reads."""
    links: Web


def webs() -> list[Web]:
    """The links of every pipeline of the entered tenant."""
    living = {"integration__deleted_at": None, "dataset__integration__deleted_at": None}
    rows = IntegrationInput.objects.filter(**living).order_by("integration__created_at", "name")
    ends = rows.values_list("dataset__integration_id", "integration_id", "dataset_id", "name")
    return _grouped([Link(*each) for each in ends])


def heads(found: Iterable[Web], *, around: UUID | None = None) -> QuerySet[Integration]:
    """The integrations that these pipelines begin with; of the one around an integration alone, if it is named."""
    wanted = [web for web in found if around is None or around in _members(web)]
    sources = {pk for web in wanted for pk in _sources(web)}
    ages = dict(Integration.objects.filter(pk__in=sources).values_list("pk", "created_at"))
    first = [min(_sources(web), key=lambda pk: (ages[pk], pk)) for web in wanted]
    return Integration.objects.filter(pk__in=first)


def of(page: Iterable[Integration], found: Iterable[Web]) -> list[Pipeline]:
    """The pipelines that begin with the integrations of this page."""
    by_member = {pk: web for web in found for pk in _members(web)}
    chosen = [(head.pk, by_member[head.pk]) for head in page]
    members = {pk for _, web in chosen for pk in _members(web)}
    rows = {row.integration.pk: row for row in overview.of(list(overview.integrations().filter(pk__in=members)))}
    return [Pipeline(pk, [rows[each] for each in _ordered(web) if each in rows], web) for pk, web in chosen]


def _grouped(links: Sequence[Link]) -> list[Web]:
    neighbours: dict[UUID, set[UUID]] = defaultdict(set)
    for link in links:
        neighbours[link.source].add(link.reader)
        neighbours[link.reader].add(link.source)
    group: dict[UUID, int] = {}
    for start in neighbours:
        _mark(start, len(group), group, neighbours)
    webs: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        webs[group[link.source]].append(link)
    return list(webs.values())


def _mark(start: UUID, number: int, group: dict[UUID, int], neighbours: dict[UUID, set[UUID]]) -> None:
    waiting = [] if start in group else [start]
    while waiting:
        here = waiting.pop()
        if here not in group:
            group[here] = number
            waiting.extend(neighbours[here])


def _members(web: Web) -> set[UUID]:
    return {link.source for link in web} | {link.reader for link in web}


def _sources(web: Web) -> set[UUID]:
    return {link.source for link in web} - {link.reader for link in web}


def _ordered(web: Web) -> list[UUID]:
    order: TopologicalSorter[UUID] = TopologicalSorter()
    for link in web:
        order.add(link.reader, link.source)
    return list(order.static_order())
