from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from connectors.models import Connector
from integrations.models import Integration
from tenants.models import Tenant, User

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def add(slug: str, name: str = "", **fields: object) -> Connector:
    values = {"type": "n8n", "status": "published", "schema": {"credential": {}, "config": {}}, **fields}
    return Connector.objects.create(slug=slug, name=name or slug.title(), **values)


@pytest.fixture
def page(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def names(page: Client, query: str = "", **headers: str) -> list[str]:
    content = page.get(f"/connectors/?{query}", headers=headers).content.decode()
    return re.findall(r'<a href="/connectors/[\w-]+">([^<]*)</a>\s*</h2>', content)


@pytest.fixture
def shelf(db: None) -> None:
    add("stripe", summary="Payments and invoices", categories=["billing"])
    add("mailchimp", "Mailchimp", summary="Newsletters", categories=["marketing"])
    add("postgres", "PostgreSQL", type="spark", description="Reads tables of a database.", categories=["databases"])


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("stripe", ["Stripe"]),
        ("STRI", ["Stripe"]),
        ("invoices", ["Stripe"]),
        ("billing", ["Stripe"]),
        ("tables", ["PostgreSQL"]),
        ("mailchmip", ["Mailchimp"]),
        ("postgers", ["PostgreSQL"]),
        ("stripe newsletters", []),
        ("💥", []),
    ],
)
def test_connectors_are_found_by_words_beginnings_and_with_typos(
    page: Client, shelf: None, typed: str, found: list[str]
) -> None:
    assert names(page, f"q={typed}") == found


def test_the_name_counts_for_more_than_the_description(page: Client) -> None:
    add("a", "Aaa", description="Sends slack messages")
    add("z", "Slack")
    assert names(page, "q=slack") == ["Slack", "Aaa"]


def test_category_engine_and_order_narrow_what_is_shown(page: Client, shelf: None) -> None:
    assert names(page, "category=billing") == ["Stripe"]
    assert names(page, "engine=spark") == ["PostgreSQL"]
    assert names(page, "engine=spark&q=stripe") == []
    assert names(page, "sort=newest") == ["PostgreSQL", "Mailchimp", "Stripe"]


def test_what_is_used_most_here_comes_first(page: Client, acme: Tenant, globex: Tenant, shelf: None) -> None:
    connector = Connector.objects.get(slug="stripe")
    Integration.everywhere.create(tenant=acme, connector=connector, connector_version="1", name="One")
    for number in range(3):
        other = Connector.objects.get(slug="postgres")
        Integration.everywhere.create(tenant=globex, connector=other, connector_version="1", name=str(number))
    assert names(page, "sort=used")[0] == "Stripe"
    content = page.get("/connectors/").content.decode()
    assert content.count("configured") == 1


def test_nothing_found_offers_a_way_on(page: Client, shelf: None) -> None:
    content = page.get("/connectors/?q=nonsense").content.decode()
    assert "No connector is about that" in content
    assert 'href="/connectors/rest_api"' in content


def test_pages_of_cards_hold_each_connector_once(page: Client) -> None:
    for number in range(70):
        add(f"c{number:02}")
    shown = [name for number in (1, 2, 3) for name in names(page, f"page={number}", **HTMX)]
    assert len(shown) == len(set(shown)) == 70
    assert names(page, "page=4") == []


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "page=99999999999999999999", "sort=x", "engine=x"])
def test_an_address_that_makes_no_sense_is_answered_all_the_same(page: Client, shelf: None, query: str) -> None:
    assert page.get(f"/connectors/?{query}").status_code == 200


def test_a_changed_connector_is_found_by_its_new_words_at_once(page: Client, shelf: None) -> None:
    assert names(page, "q=ledger") == []
    row = Connector.objects.get(slug="stripe")
    row.name = "Ledger"
    row.save()
    assert names(page, "q=ledger") == ["Ledger"]


def test_drafts_and_connectors_of_others_are_not_shown(page: Client, globex: Tenant) -> None:
    add("draft", status="draft")
    add("theirs", tenant=globex)
    add("ours")
    assert names(page) == ["Ours"]
    assert page.get("/connectors/theirs").status_code == 404


def test_a_readme_shows_no_markup_of_its_own(page: Client) -> None:
    add("evil", readme="# Hi\n<script>alert(1)</script>\n[x](javascript:alert(1))")
    content = page.get("/connectors/evil").content.decode()
    assert "&lt;script&gt;alert(1)" in content
    assert 'href="javascript' not in content


def test_as_many_queries_for_many_connectors_as_for_few(
    page: Client, django_assert_max_num_queries: DjangoAssertNumQueries, make_integration: Callable[..., Integration]
) -> None:
    for number in range(400):
        add(f"c{number}")
    page.get("/connectors/?q=c1")
    with django_assert_max_num_queries(9):
        page.get("/connectors/?q=c1")
    with django_assert_max_num_queries(8):
        page.get("/connectors/")
