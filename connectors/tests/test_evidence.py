from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors import catalog, evidence, folders
from connectors.evidence import Ran
from connectors.models import Connector

ROOT = Path(__file__).resolve().parents[2]
BUILTIN = folders.find(catalog.BUILTIN)
PROVEN = Ran("tests/test_it.py::test_it", "proven", "PostgreSQL")
PROTOCOL = Ran("tests/test_it.py::test_more", "protocol", "the Orders API")


@pytest.mark.parametrize("folder", BUILTIN, ids=lambda folder: folder.name)
def test_a_record_is_of_the_folder_as_it_is_and_as_its_tests_are_marked(folder, claims):
    record = evidence.recorded(folder)
    assert not record or record["digest"] == evidence.digest(folder), "Run `make evidence`: the folder was changed."
    for ran in evidence.read(folder):
        file, _, function = ran.test.partition("::")
        assert f"def {function}(" in (ROOT / file).read_text(), ran.test
        assert ran.test not in claims or (folder.name, ran) in claims[ran.test], ran.test


@pytest.mark.parametrize(
    ("ran", "tier"),
    [((), "untested"), ((PROTOCOL,), "protocol"), ((PROVEN,), "proven"), ((PROTOCOL, PROVEN), "proven")],
)
def test_the_best_that_tests_show_is_the_tier(ran, tier):
    assert evidence.tier(ran) == tier


def test_what_was_written_is_read_as_long_as_nothing_that_runs_is_changed(write):
    folder = write()
    evidence.write(folder, [PROVEN, PROTOCOL])
    (folder / "README.md").write_text("# Numbers, said better")
    assert set(evidence.read(folder)) == {PROVEN, PROTOCOL}
    (folder / "job.py").write_text("print('changed')")
    assert evidence.read(folder) == ()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", '{"tests": []}', '{"digest": "DIGEST", "tests": [{"kind": "proven"}]}'),
        '{"digest": "DIGEST", "tests": [{"test": "a", "kind": "perfect", "against": "all"}]}',
    ],
)
def test_a_record_that_says_nothing_true_is_none(write, text):
    folder = write()
    (folder / "evidence.json").write_text(text.replace("DIGEST", evidence.digest(folder)))
    assert evidence.read(folder) == ()


def test_nothing_that_passed_is_no_record(write):
    folder = write()
    evidence.write(folder, [PROVEN])
    evidence.write(folder, [])
    assert not (folder / "evidence.json").exists()


@pytest.mark.django_db
def test_the_catalogue_shows_the_tier_with_its_evidence_and_takes_it_back_with_a_change(write, shelf):
    folder = write()
    evidence.write(folder, [PROVEN, PROTOCOL])
    catalog.sync(shelf)
    row = Connector.objects.get()
    assert (row.tier, [ran["against"] for ran in row.evidence]) == ("proven", ["PostgreSQL", "the Orders API"])
    write(version="2.0.0")
    assert set(catalog.sync(shelf).changed["numbers"]) == {"version", "tier", "evidence"}
    assert (Connector.objects.get().tier, Connector.objects.get().evidence) == ("untested", [])


@pytest.mark.django_db
def test_nobody_types_a_tier_in(write, shelf):
    folder = write()
    said = json.loads((folder / "connector.json").read_text()) | {"tier": "proven"}
    (folder / "connector.json").write_text(json.dumps(said))
    assert "tier" in str(catalog.sync(shelf).broken["numbers"][0])
