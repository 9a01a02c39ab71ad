from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from rest_framework.test import APIClient

from tenants.models import AuditEvent, Tenant, User

pytestmark = pytest.mark.urls("tenants.tests.addresses")
EVENTS = "/api/v1/events"
NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


def add(tenant: Tenant, number: int, at: datetime = NOON) -> list[AuditEvent]:
    return AuditEvent.everywhere.bulk_create(
        AuditEvent(tenant=tenant, verb=f"{n}", object_type="x", object_id=tenant.pk, object_name="x", at=at)
        for n in range(number)
    )


def walk(client: APIClient, url: str | None, way: str = "next") -> list[list[str]]:
    pages = []
    while url:
        body = client.get(url).json()
        pages.append([row["id"] for row in body["results"]])
        url = body[way]
    return pages


def wanted() -> list[str]:
    return [str(pk) for pk in AuditEvent.everywhere.order_by("-at", "-id").values_list("pk", flat=True)]


def test_ten_thousand_rows_of_one_moment_come_once_each_and_in_order(as_alice: APIClient, acme: Tenant) -> None:
    add(acme, 9_500)
    add(acme, 500, NOON + timedelta(microseconds=1))
    pages = walk(as_alice, f"{EVENTS}?page_size=200")
    assert [pk for page in pages for pk in page] == wanted()
    assert {len(page) for page in pages[:-1]} == {200}


def test_previous_leads_back_through_the_same_pages(as_alice: APIClient, acme: Tenant) -> None:
    add(acme, 12)
    forth, url, last = [], f"{EVENTS}?page_size=5", ""
    while url:
        last, body = url, as_alice.get(url).json()
        forth.append([row["id"] for row in body["results"]])
        url = body["next"]
    back = walk(as_alice, last, "previous")
    assert list(reversed(back)) == forth


def test_rows_that_come_meanwhile_shift_nothing(as_alice: APIClient, acme: Tenant) -> None:
    add(acme, 10)
    before = wanted()
    first = as_alice.get(f"{EVENTS}?page_size=5").json()
    add(acme, 5, NOON + timedelta(days=1))
    rest = walk(as_alice, first["next"])
    seen = [row["id"] for row in first["results"]] + [pk for page in rest for pk in page]
    assert seen == before


def test_a_page_holds_fifty_unless_told_and_two_hundred_at_most(as_alice: APIClient, acme: Tenant) -> None:
    add(acme, 250)
    sizes = [len(as_alice.get(EVENTS + query).json()["results"]) for query in ("", "?page_size=7", "?page_size=9999")]
    assert sizes == [50, 7, 200]


def test_a_list_that_fits_one_page_leads_nowhere(as_alice: APIClient) -> None:
    body = as_alice.get(EVENTS).json()
    assert (body["next"], body["previous"]) == (None, None)


def test_an_empty_page_is_a_page(charlie: User) -> None:
    client = APIClient()
    client.force_login(charlie)
    assert client.get(EVENTS).json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize("size", ["0", "-1", "many", "1.5", "\u0663"])
def test_a_wrong_page_size_is_a_problem(as_alice: APIClient, size: str) -> None:
    answer = as_alice.get(EVENTS, {"page_size": size})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/page_size")


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "\u00e9",
        encoded("{}"),
        encoded("[]"),
        encoded('[0,"-at",null,null]'),
        encoded('[0,"-at","x","y"]'),
        encoded('[0,"-at",1]'),
    ],
)
def test_a_cursor_nobody_gave_is_a_problem(as_alice: APIClient, cursor: str) -> None:
    answer = as_alice.get(EVENTS, {"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/cursor")


def test_a_list_is_turned_around(as_alice: APIClient, acme: Tenant) -> None:
    for hour in range(5):
        add(acme, 1, NOON + timedelta(hours=hour))

    pages = walk(as_alice, f"{EVENTS}?ordering=at&page_size=2")

    assert [pk for page in pages for pk in page] == wanted()[::-1]


def test_an_ordering_that_a_list_has_not_names_those_it_has(as_alice: APIClient) -> None:
    answer = as_alice.get(EVENTS, {"ordering": "verb"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/ordering")
    assert "at, -at" in answer.json()["detail"]


def test_a_place_in_one_order_is_none_in_another(as_alice: APIClient, acme: Tenant) -> None:
    add(acme, 3)
    link = as_alice.get(f"{EVENTS}?page_size=1").json()["next"]

    assert as_alice.get(f"{link}&ordering=at").status_code == 400
