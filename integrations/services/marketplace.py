"""The catalogue as a member sees it: what can be connected, and how often this tenant already did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet

from connectors import catalog
from connectors.models import Connector
from integrations.models import Integration

PAGE_SIZE = 30
SORTS = {"name": ("name", "pk"), "newest": ("-created_at", "pk")}
FEATURED_FIRST = ("-is_featured", "position", "name", "pk")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody looks for."""

    text: str = ""
    category: str = ""
    engine: str = ""
    sort: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Card:
    connector: Connector
    configured: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of cards, and how many there are in all."""

    cards: list[Card]
    total: int
    has_more: bool


def shelf(tenant_id: UUID, wish: Wish) -> Shelf:
    rows = _narrowed(catalog.light(catalog.available(tenant_id)).defer("schema"), wish)
    first, last = (wish.page - 1) * PAGE_SIZE, wish.page * PAGE_SIZE
    if wish.text.strip():
        found = _ranked(rows, catalog.search(tenant_id, wish.text), tenant_id, wish)
        total, shown = len(found), _in_order(rows, found[first:last])
    else:
        total, shown = rows.count(), list(_sorted(rows, tenant_id, wish)[first:last])
    return Shelf(_cards(tenant_id, shown), total, total > last)


def categories(tenant_id: UUID) -> list[tuple[str, int]]:
    """The categories of what is available, with the number of connectors in each, the fullest first."""
    return sorted(catalog.index(tenant_id).categories.items(), key=lambda pair: (-pair[1], pair[0]))


def _narrowed(rows: QuerySet[Connector], wish: Wish) -> QuerySet[Connector]:
    if wish.category:
        rows = catalog.in_category(rows, wish.category)
    return rows.filter(type=wish.engine) if wish.engine else rows


def _ranked(rows: QuerySet[Connector], ids: list[UUID], tenant_id: UUID, wish: Wish) -> list[UUID]:
    """What was found and is not narrowed away: best first, or as the person sorts."""
    if wish.sort:
        return list(_sorted(rows.filter(pk__in=ids), tenant_id, wish).values_list("pk", flat=True))
    kept = set(rows.filter(pk__in=ids).values_list("pk", flat=True))
    return [pk for pk in ids if pk in kept]


def _sorted(rows: QuerySet[Connector], tenant_id: UUID, wish: Wish) -> QuerySet[Connector]:
    if wish.sort == "used":
        mine = Q(integrations__deleted_at=None, integrations__tenant=tenant_id)
        return rows.annotate(uses=Count("integrations", filter=mine)).order_by(F("uses").desc(), "name", "pk")
    return rows.order_by(*SORTS.get(wish.sort, FEATURED_FIRST))


def _in_order(rows: QuerySet[Connector], ids: list[UUID]) -> list[Connector]:
    found = rows.in_bulk(ids)
    return [found[pk] for pk in ids]


def _cards(tenant_id: UUID, connectors: Iterable[Connector]) -> list[Card]:
    shown = list(connectors)
    counted = Integration.objects.filter(connector__in=shown, deleted_at=None).order_by().values("connector")
    numbers = dict(counted.annotate(number=Count("pk")).values_list("connector", "number"))
    return [Card(connector, numbers.get(connector.pk, 0)) for connector in shown]
