from __future__ import annotations

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from connectors import catalog
from connectors.models import Connector

pytestmark = pytest.mark.django_db
AVAILABLE = "/api/v1/integrations/available"
SHAPE = {
    *("id", "slug", "name", "summary", "description", "categories", "type", "version", "source", "status", "tier"),
    *("logo_url", "docs_url", "schema", "n8n_workflow_id", "spark_job_id"),
}


def add(slug, **fields):
    fields = {"name": slug.title(), "type": "n8n", "status": "published", "schema": {"config": {}}, **fields}
    return Connector.objects.create(slug=slug, **fields)


@pytest.fixture
def client(as_user, alice):
    return as_user(alice)


def slugs(client, **query):
    answer = client.get(AVAILABLE, query)
    assert answer.status_code == 200, answer.content
    return [row["slug"] for row in answer.json()["results"]]


def test_the_catalogue_shows_connectors_in_the_agreed_shape(client):
    row = add("crm", categories=["sales"], source="builtin")
    (shown,) = client.get(AVAILABLE).json()["results"]
    assert set(shown) >= SHAPE
    assert (shown["id"], shown["slug"], shown["categories"]) == (str(row.pk), "crm", ["sales"])
    assert client.get(shown["logo_url"]).status_code == 200


def test_only_what_may_be_chosen_is_available(client, acme, globex):
    for status in ("draft", "hidden", "deprecated"):
        add(status, status=status)
    add("everyone")
    add("ours", tenant=acme)
    add("theirs", tenant=globex)
    assert slugs(client) == ["everyone", "ours"]


def test_the_catalogue_is_searched_and_filtered(client):
    add("crm", summary="Brings contacts.", categories=["sales", "people"])
    add("ledger", summary="Brings invoices.", categories=["finance"], type="spark", source="builtin")
    assert slugs(client, search="brings INVOICES") == ["ledger"]
    assert slugs(client, search="people") == ["crm"]
    assert slugs(client, search="100%") == []
    assert slugs(client, category="sales") == ["crm"]
    assert slugs(client, category="sale") == []
    assert slugs(client, type="spark") == slugs(client, source="builtin") == ["ledger"]
    assert slugs(client, search="crm", category="people", type="n8n") == ["crm"]


def test_a_filter_that_does_not_exist_is_an_error(client):
    answer = client.get(AVAILABLE, {"type": "airflow"})
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("application/problem+json")


def test_pages_follow_each_other_without_gap_or_repeat(client):
    for number in range(7):
        add(f"c{number}", name="Same name")
    seen, url = [], f"{AVAILABLE}?page_size=3"
    while url:
        page = client.get(url).json()
        seen += [row["slug"] for row in page["results"]]
        url = page["next"]
    assert sorted(seen) == [f"c{number}" for number in range(7)]


def test_a_page_of_a_large_catalogue_is_one_query(alice, django_assert_num_queries):
    rows = [Connector(slug=f"c{n}", name=f"C {n}", type="n8n", status="published") for n in range(1000)]
    Connector.objects.bulk_create(rows)
    tenant = alice.memberships(manager="everywhere").get().tenant_id
    catalog.search(tenant, "c 99")
    with django_assert_num_queries(2):  # whether the index is still right, and the page
        ids = catalog.search(tenant, "c 99")
        found = list(catalog.light(catalog.available(tenant).filter(pk__in=ids))[:50])
        assert [(row.slug, row.schema, row.spark_job_id) for row in found]


def test_lists_leave_out_what_they_do_not_show(client, django_assert_max_num_queries):
    for number in range(60):
        add(f"c{number}")
    client.get(AVAILABLE)
    client.get(AVAILABLE, {"search": "c"})
    # Session, user and membership come first; the catalogue itself is two: is the index still right, and the page.
    with django_assert_max_num_queries(5) as queries:
        client.get(AVAILABLE, {"search": "c", "page_size": 50})
    asked = [query["sql"] for query in queries if "connectors_connector" in query["sql"]]
    assert len(asked) == 2 and '"template"' not in asked[1] and '"readme"' not in asked[1]


def test_one_connector_is_found_by_slug_and_by_id(client):
    row = add("crm", readme="# CRM")
    by_slug, by_id = client.get("/api/v1/connectors/crm"), client.get(f"/api/v1/connectors/{row.pk}")
    assert by_slug.json() == by_id.json()
    assert by_slug.json()["readme"] == "# CRM"


def test_a_foreign_connector_a_draft_and_none_at_all_look_the_same(client, globex):
    theirs = add("theirs", tenant=globex)
    add("draft", status="draft")
    for key in (theirs.pk, "theirs", "draft", "nothing"):
        assert client.get(f"/api/v1/connectors/{key}").status_code == 404
        assert client.get(f"/api/v1/connectors/{key}/logo").status_code == 404


def test_what_can_no_longer_be_chosen_can_still_be_looked_at(client):
    add("old", status="hidden")
    assert client.get("/api/v1/connectors/old").status_code == 200


def test_a_logo_is_a_picture_that_runs_nothing(client):
    add("crm", logo='<svg xmlns="http://www.w3.org/2000/svg"/>')
    answer = client.get("/api/v1/connectors/crm/logo", headers={"accept": "image/avif,image/webp"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer["X-Content-Type-Options"] == "nosniff"
    again = client.get("/api/v1/connectors/crm/logo", headers={"if-none-match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("logo", "kind", "content"),
    [
        ("data:image/png;base64,iVBORw==", "image/png", b"\x89PNG"),
        ("data:image/png;base64,<script>", "image/svg+xml", b">SH<"),
        ("<script>alert(1)</script>", "image/svg+xml", b"<script>alert(1)</script>"),
    ],
)
def test_a_logo_of_somebody_else_is_sent_as_a_picture_whatever_it_holds(client, logo, kind, content):
    add("shady", name="Shady Harbour", logo=logo)

    answer = client.get(reverse("connector-logo", args=["shady"]))

    assert answer["Content-Type"] == kind
    assert content in answer.content
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_connector_without_a_logo_has_its_initials(client):
    add("plain", name="Plain Thing")
    assert b">PT<" in client.get(reverse("connector-logo", args=["plain"])).content


def test_nobody_sees_the_catalogue_without_signing_in():
    for url in (AVAILABLE, "/api/v1/connectors/crm", "/api/v1/connectors/crm/logo"):
        assert APIClient().get(url).status_code == 401
