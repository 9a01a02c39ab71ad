from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.conf import LazySettings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from integrations.domain import Trigger
from integrations.models import Dataset, DatasetVersion, Integration, Run
from integrations.services import requests, storage
from integrations.testing import fake_connector, follow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeRun = Callable[..., Run]
ROWS = [
    {"n": 1, "who": "Zoë 山", "at": "2026-01-01T10:00:00", "tags": ["a"], "deep": {"x": 1}, "ok": True, "half": 0.5},
    {"n": 2, "who": '=HYPERLINK("http://evil")', "at": None, "tags": [], "deep": None, "ok": None, "half": -1},
    {
        "n": -3,
        "who": 'a "quoted",\nlong ' + "x" * 200,
        "at": None,
        "tags": None,
        "deep": None,
        "ok": False,
        "half": None,
    },
]


@pytest.fixture(autouse=True)
def var(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def dataset(make_run: MakeRun) -> Dataset:
    return dataset_of(follow(make_run({"rows": ROWS}, name="Flüge & Co")))


def dataset_of(run: Run) -> Dataset:
    return Dataset.everywhere.select_related("latest", "integration").get(integration=run.integration_id)


def again(dataset: Dataset, rows: list[dict[str, Any]]) -> DatasetVersion:
    """Run the integration once more, with other rows."""
    Integration.everywhere.filter(pk=dataset.integration_id).update(config={"rows": rows})
    integration = Integration.everywhere.get(pk=dataset.integration_id)
    run = follow(requests.request(integration=integration, trigger=Trigger.MANUAL)[0])
    return DatasetVersion.everywhere.get(run=run)


def page(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def text(content: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", content).split())


def taken(client: Client, dataset: Dataset, form: str, **query: str) -> bytes:
    answer = client.get(f"/data/{dataset.pk}/download", {"format": form, **query})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="fluge-co-')
    return answer.getvalue()


def test_datasets_are_listed_with_what_they_hold(viewer: Client, dataset: Dataset) -> None:
    content = text(page(viewer, "/data/"))

    assert re.search(r"Flüge &amp; Co Fake 3 7 [\d.,]+\s(bytes|KB) (now|a second ago)", content)
    assert "Flüge" not in page(viewer, "/data/?q=picks") and "Flüge" in page(viewer, "/data/?q=FL%C3%BCGE")
    assert page(viewer, "/data/", **{"HX-Request": "true"}).lstrip().startswith('<section id="datasets"')


def test_no_data_and_none_that_fits_say_what_to_do(
    viewer: Client, make_integration: Callable[..., Integration]
) -> None:
    assert "There is no data yet" in page(viewer, "/data/")
    assert "No integration is called that" in page(viewer, "/data/?q=x")


def test_a_dataset_that_waits_for_its_first_rows_says_so(viewer: Client, make_run: MakeRun) -> None:
    waiting = dataset_of(make_run({"rows": []}))

    assert "No rows yet" in page(viewer, "/data/")
    for tab in ("rows", "columns", "versions", "lineage", "nonsense"):
        content = page(viewer, f"/data/{waiting.pk}?tab={tab}")
        assert "/download" not in content
    assert viewer.get(f"/data/{waiting.pk}/download").status_code == 404


def test_rows_are_shown_typed_nested_and_long_ones_unfold(viewer: Client, dataset: Dataset) -> None:
    content = page(viewer, f"/data/{dataset.pk}")
    kinds = re.findall(r'<th scope="col" class="is-(\w+)"', content)

    # The settings that hold the rows are JSON, whose keys PostgreSQL puts into an order of its own.
    assert sorted(kinds) == ["list", "nested", "number", "number", "text", "time", "truth"]
    assert re.search(r"<summary>a &quot;quoted&quot;, long x+…</summary>", content)
    assert '<td class="is-null">' in content
    assert "Rows 1 to 3 of 3" in text(content)


def test_columns_are_profiled(viewer: Client, dataset: Dataset) -> None:
    content = page(viewer, f"/data/{dataset.pk}?tab=columns")
    cards = {name: text(card) for name, card in re.findall(r'<h2 title="[^"]*">\s*(\w+)(.*?)</dl>', content, re.S)}

    assert cards["n"].endswith("No value 0% Different values 3 From -3 To 2")
    assert "No value 67% Different values 1" in cards["at"]
    assert "No value 33% Different values 2" in cards["ok"]
    assert content.count("<rect ") >= 4
    assert not re.search(r'<rect [^>]*"-', content)


def test_versions_tell_how_the_columns_changed(viewer: Client, dataset: Dataset) -> None:
    first = dataset.latest
    new = again(dataset, [{"n": "one", "added": 1}])
    content = page(viewer, f"/data/{dataset.pk}?tab=versions")
    changes = re.findall(r'<li class="is-(\w+)">.*?<code>(\w+)</code>', content, re.S)

    assert ("changed", "n") in changes and ("added", "added") in changes and ("removed", "who") in changes
    assert len(changes) == 8  # nothing of the first version, which has none before it
    assert text(content).count("latest") == 1
    assert f"/data/{dataset.pk}?version={first.pk}" in content and f'href="/runs/{new.run_id}"' in content
    assert "An earlier version" in page(viewer, f"/data/{dataset.pk}?version={first.pk}")
    assert "Rows 1 to 3 of 3" in text(page(viewer, f"/data/{dataset.pk}?version={first.pk}"))


def test_pages_of_versions_compare_across_their_edge(viewer: Client, dataset: Dataset) -> None:
    again(dataset, [{"a": 1}])
    content = page(viewer, f"/data/{dataset.pk}?tab=versions&page_size=1")

    assert content.count('<li class="is-removed">') == 7
    assert 'rel="next"' in content


def test_lineage_names_what_it_is_made_from_and_who_reads_it(
    viewer: Client, dataset: Dataset, make_run: MakeRun
) -> None:
    reader = follow(make_run({"rows": [{"a": 1}], "reads": str(dataset.pk)}, name="Reader"))
    above, below = (
        page(viewer, f"/data/{dataset.pk}?tab=lineage"),
        page(viewer, f"/data/{dataset_of(reader).pk}?tab=lineage"),
    )

    assert "Read by Reader" in text(above)
    assert re.search(rf'href="/data/{dataset.pk}">Flüge &amp; Co</a>\s*<span class="under">as reads', below)
    assert f"/data/{dataset.pk}?version={dataset.latest_id}" in below
    assert "Nobody yet" in below


def test_parquet_is_taken_as_it_landed(viewer: Client, dataset: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "taken.parquet"
    file.write_bytes(taken(viewer, dataset, "parquet"))

    assert duckdb.sql(f"SELECT sum(n) FROM '{file}'").fetchall() == [(0,)]


def test_ndjson_holds_every_value_as_json_has_it(viewer: Client, dataset: Dataset) -> None:
    lines = [json.loads(line) for line in taken(viewer, dataset, "ndjson").decode().splitlines()]

    assert [line["who"] for line in lines] == [row["who"] for row in ROWS]
    assert [line["deep"] for line in lines] == [{"x": 1}, None, None]
    assert [line["half"] for line in lines] == [0.5, -1, None]


def test_csv_executes_nothing_in_a_spreadsheet(viewer: Client, dataset: Dataset) -> None:
    again(dataset, [{"=a": text, "n": -1} for text in ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "fine", "", None)])
    rows = list(csv.DictReader(io.StringIO(taken(viewer, dataset, "csv").decode(), newline="")))

    assert [row["'=a"] for row in rows] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", "fine", "", ""]
    assert {row["n"] for row in rows} == {"-1"}


def test_csv_keeps_quotes_line_ends_and_nested_values(viewer: Client, dataset: Dataset) -> None:
    rows = list(csv.DictReader(io.StringIO(taken(viewer, dataset, "csv").decode(), newline="")))

    assert rows[2]["who"] == ROWS[2]["who"]
    assert [json.loads(rows[0]["tags"]), json.loads(rows[0]["deep"])] == [["a"], {"x": 1}]


@pytest.mark.parametrize(("form", "expected"), [("csv", b"\n\n"), ("ndjson", b"{}\n{}\n")])
def test_rows_without_a_column_are_as_many_as_they_are(
    viewer: Client, dataset: Dataset, form: str, expected: bytes
) -> None:
    again(dataset, [{}, {}])

    assert taken(viewer, dataset, form) == expected


def test_an_earlier_version_can_be_taken_and_nothing_stays_behind(
    viewer: Client, dataset: Dataset, settings: LazySettings
) -> None:
    first = dataset.latest
    again(dataset, [{"a": 1}])

    assert len(taken(viewer, dataset, "ndjson", version=str(first.pk)).splitlines()) == 3
    assert list((settings.VAR_DIR / "downloads").iterdir()) == []


def test_a_large_dataset_is_sent_in_pieces(viewer: Client, dataset: Dataset) -> None:
    again(dataset, [{"n": n, "text": "x" * 90} for n in range(10_000)])
    answer = viewer.get(f"/data/{dataset.pk}/download", {"format": "csv"})
    pieces = list(answer.streaming_content)

    assert len(pieces) > 3 and max(map(len, pieces)) <= 256 * 1024
    assert b"".join(pieces).count(b"\n") == 10_001


@pytest.mark.parametrize(
    "query", ["format=exe", "format=../../etc", "version=x", "version=00000000-0000-4000-8000-000000000000"]
)
def test_what_there_is_not_cannot_be_taken(viewer: Client, dataset: Dataset, query: str) -> None:
    assert viewer.get(f"/data/{dataset.pk}/download?{query}").status_code == 404


def test_a_version_of_another_dataset_is_not_there(viewer: Client, dataset: Dataset, make_run: MakeRun) -> None:
    other = dataset_of(follow(make_run({"rows": [{"a": 1}]}, connector=fake_connector("other"))))

    assert viewer.get(f"/data/{dataset.pk}?version={other.latest_id}").status_code == 404
    assert viewer.get(f"/data/{dataset.pk}/download?version={other.latest_id}").status_code == 404


def test_a_file_that_is_gone_is_told(viewer: Client, dataset: Dataset) -> None:
    storage.discard(dataset.latest.uri)

    for tab in ("rows", "columns", "versions", "lineage"):
        assert "/download" not in page(viewer, f"/data/{dataset.pk}?tab={tab}")
    assert "The file of this version is gone" in page(viewer, f"/data/{dataset.pk}")
    assert viewer.get(f"/data/{dataset.pk}/download").status_code == 404
    assert "The file of this version is gone" in page(viewer, f"/runs/{dataset.latest.run_id}?tab=rows")


def test_values_and_names_of_columns_are_shown_as_text(viewer: Client, dataset: Dataset) -> None:
    evil = "<script>alert(1)</script>"
    again(dataset, [{evil: evil, "deep": {evil: evil}, "long": evil * 20}])
    whole = "".join(page(viewer, f"/data/{dataset.pk}?tab={tab}") for tab in ("rows", "columns", "versions"))

    assert evil not in whole and "&lt;script&gt;" in whole


def test_data_of_others_is_not_there(stranger: Client, dataset: Dataset) -> None:
    assert "Flüge" not in page(stranger, "/data/")
    for path in ("", "?tab=columns", "/download"):
        assert stranger.get(f"/data/{dataset.pk}{path}").status_code == 404


@pytest.mark.parametrize("offset", ["-1", "x", "1e9", "9" * 30, "9999999999"])
def test_an_offset_that_makes_no_sense_is_answered(viewer: Client, dataset: Dataset, offset: str) -> None:
    assert viewer.get(f"/data/{dataset.pk}?offset={offset}").status_code == 200


@pytest.mark.parametrize("tab", ["rows", "columns", "versions", "lineage"])
def test_as_many_queries_for_many_versions_as_for_few(
    viewer: Client, dataset: Dataset, django_assert_max_num_queries: DjangoAssertNumQueries, tab: str
) -> None:
    for _ in range(8):
        again(dataset, [{"a": 1}])
    with django_assert_max_num_queries(9):
        page(viewer, f"/data/{dataset.pk}?tab={tab}")


def test_as_many_queries_for_many_datasets_as_for_few(
    viewer: Client, make_run: MakeRun, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(12):
        follow(make_run({"rows": [{"a": 1}]}))
    with django_assert_max_num_queries(5):
        assert page(viewer, "/data/").count('class="run-name"') == 12
