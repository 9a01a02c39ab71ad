from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from connectors import catalog
from connectors.models import Connector, SparkJob

pytestmark = pytest.mark.django_db


def only():
    return Connector.objects.get(slug="numbers")


def test_a_folder_becomes_a_published_row_with_its_job(write, shelf):
    write()
    assert catalog.sync(shelf).created == ["numbers"]
    row = only()
    assert (row.status, row.source, row.type) == ("published", "builtin", "spark")
    assert catalog.entry_path(row.spark_job) == str(shelf / "numbers" / "job.py")


def test_syncing_again_changes_nothing(write, shelf):
    write()
    catalog.sync(shelf)
    before = only().updated_at
    report = catalog.sync(shelf)
    assert (report.unchanged, report.created, report.changed) == (["numbers"], [], {})
    assert only().updated_at == before


def test_a_changed_folder_changes_its_row_and_names_the_fields(write, shelf):
    write()
    catalog.sync(shelf)
    kept = only().pk
    write(version="1.1.0", spark={"entry": "job.py", "conf": {"spark.a": "1"}})
    assert catalog.sync(shelf).changed == {"numbers": ["spark", "version"]}
    assert (only().pk, only().version, only().spark_job.conf) == (kept, "1.1.0", {"spark.a": "1"})


def test_a_folder_that_is_gone_hides_its_row_until_it_is_back(write, shelf):
    folder = write()
    catalog.sync(shelf)
    folder.rename(shelf.parent / "away")
    assert catalog.sync(shelf).hidden == ["numbers"]
    assert catalog.sync(shelf).hidden == []
    assert only().status == "hidden"
    (shelf.parent / "away").rename(folder)
    assert "numbers" in catalog.sync(shelf).changed
    assert (only().status, only().missing_since) == ("published", None)


def test_what_a_person_hid_stays_hidden(write, shelf):
    write()
    catalog.sync(shelf)
    Connector.objects.update(status="hidden")
    write(version="2.0.0")
    catalog.sync(shelf)
    assert (only().status, only().version) == ("hidden", "2.0.0")


def test_a_broken_folder_keeps_its_row_and_stops_no_other(write, shelf):
    write()
    catalog.sync(shelf)
    write(version="one")
    write("others")
    report = catalog.sync(shelf)
    assert report.created == ["others"] and list(report.broken) == ["numbers"] and report.hidden == []
    assert (only().status, only().version) == ("published", "1.0.0")


def test_a_slug_that_somebody_else_has_is_not_taken_over(write, shelf):
    Connector.objects.create(slug="numbers", name="Mine", type="n8n", source="custom")
    write()
    report = catalog.sync(shelf)
    assert "Mine" in str(report.broken["numbers"][0])
    assert only().name == "Mine" and not SparkJob.objects.exists()


def test_rows_of_other_sources_are_never_hidden(shelf):
    Connector.objects.create(slug="mine", name="Mine", type="n8n", source="workflow", status="published")
    assert catalog.sync(shelf).hidden == []


def test_the_built_in_folders_sync_and_their_jobs_are_files():
    report = catalog.sync()
    assert report.broken == {} and "pi_estimate" in report.created
    for job in SparkJob.objects.all():
        assert not Path(job.entry).is_absolute() and Path(catalog.entry_path(job)).is_file()


def test_a_job_elsewhere_is_named_by_its_address():
    job = SparkJob(entry="s3a://jobs/a.jar", py_files=["https://example.com/b.py", "numbers/c.py"])
    assert catalog.entry_path(job) == "s3a://jobs/a.jar"
    assert catalog.py_file_paths(job) == ("https://example.com/b.py", str(catalog.BUILTIN / "numbers/c.py"))


def test_the_command_says_what_changed_and_fails_on_a_broken_folder(write, shelf, monkeypatch):
    sync = catalog.sync
    monkeypatch.setattr(catalog, "sync", lambda: sync(shelf))
    write()
    out, err = StringIO(), StringIO()
    call_command("sync_connectors", stdout=out, stderr=err)
    assert "new      numbers" in out.getvalue() and not err.getvalue()
    write(type="Air flow")
    with pytest.raises(CommandError):
        call_command("sync_connectors", stdout=out, stderr=err)
    assert "numbers/connector.json at /type:" in err.getvalue()
