from __future__ import annotations

from typing import Any

import pytest

from connectors.discovery import drafts, rows, signing
from connectors.discovery.drafts import Draft
from connectors.discovery.rows import Report
from connectors.discovery.store import Store, UnderWay
from connectors.models import Connector
from connectors.tests.discovery.nodes import HARBOUR_API, choice, node, parameter

pytestmark = pytest.mark.django_db


def harbour(*properties: dict[str, Any], **more: Any) -> Draft:
    made = drafts.draft(node(choice("operation", "list"), *properties, **more), signing.types([HARBOUR_API]))
    assert made is not None
    return made


def put(draft: Draft, status: str = "published") -> Report:
    report = Report()
    rows.put(draft, report, logo="", status=status)
    return report


def row() -> Connector:
    return Connector.objects.get(slug="n8n_harbour")


def test_a_node_becomes_a_connector_that_speaks_of_its_operations() -> None:
    report = put(harbour())

    assert report.created == ["n8n_harbour"]
    assert (row().name, row().version, row().source, row().tier) == ("Harbour", "2.0.0", "node", "untested")
    assert row().categories == ["data-storage"]
    assert "list a thing" in row().description
    assert "Marina" in row().description


def test_the_same_node_again_changes_nothing() -> None:
    put(harbour())
    before = row().updated_at

    assert put(harbour()).unchanged == ["n8n_harbour"]
    assert row().updated_at == before


def test_a_node_that_asks_for_something_else_is_another_version() -> None:
    put(harbour())

    put(harbour(parameter("pier")))
    assert row().version == "2.0.1"
    put(harbour(version=[2.1], defaultVersion=2.1))
    assert row().version == "2.1.0"


def test_what_is_gone_is_hidden_and_comes_back_but_a_person_s_hiding_stays() -> None:
    put(harbour())
    rows.hide_missing(set(), Report())
    assert row().status == "hidden"

    put(harbour())
    assert row().status == "published"
    Connector.objects.filter(slug="n8n_harbour").update(status="hidden")
    put(harbour(parameter("pier")))
    assert row().status == "hidden"


def test_a_slug_of_another_connector_is_left_alone() -> None:
    Connector.objects.create(slug="n8n_harbour", name="Ours", type="n8n", source="custom")

    assert put(harbour()).taken == ["n8n_harbour"]
    assert row().name == "Ours"


@pytest.mark.parametrize(
    ("kind", "slug"),
    [
        ("n8n-nodes-base.googleSheets", "n8n_google_sheets"),
        ("@acme/n8n-nodes-größe.высота", "n8n_acme_n8n_nodes_gr_sse"),
        ("n8n-nodes-base.awsS3", "n8n_aws_s3"),
    ],
)
def test_slugs_are_made_of_small_letters(kind: str, slug: str) -> None:
    assert drafts.slug_of(kind) == slug


def test_icons_come_from_n8ns_folder_alone() -> None:
    assert harbour(iconUrl={"light": "icons/n8n-nodes-base/dist/boat.svg"}).icon == "icons/n8n-nodes-base/dist/boat.svg"
    assert harbour(iconUrl="icons/../rest/login.svg").icon == ""
    assert harbour(iconUrl="https://evil.example/icon.svg").icon == ""


def test_two_discoveries_at_once_are_one(tmp_path: Any) -> None:
    with Store(tmp_path).alone(), pytest.raises(UnderWay), Store(tmp_path).alone():
        pass
    with Store(tmp_path).alone():
        pass
