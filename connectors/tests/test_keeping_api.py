from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from connectors import uploads
from connectors.models import Connector
from connectors.tests.test_exchange import zipped
from tenants.models import AuditEvent
from tenants.testing import client_of

pytestmark = pytest.mark.django_db
CONNECTORS = "/api/v1/connectors/"


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = (tmp_path / "data").as_uri()


@pytest.fixture
def staff(alice) -> APIClient:
    alice.is_staff = True
    alice.save()
    return client_of(alice)


def take(staff, archive):
    return staff.generic("POST", CONNECTORS, archive, content_type="application/zip")


def test_a_folder_is_taken_in_as_a_draft_published_and_given_out_again(staff, write, as_bob):
    made = take(staff, zipped(write()))
    assert (made.status_code, made.json()["status"], made.json()["tier"]) == (201, "draft", "untested")
    assert as_bob.get(made.headers["Location"]).status_code == 404

    changed = staff.patch(f"{CONNECTORS}numbers", {"status": "published", "is_featured": True}, format="json")

    assert (changed.status_code, changed.json()["status"]) == (200, "published")
    assert as_bob.get(made.headers["Location"]).status_code == 200
    folder = staff.get(f"{CONNECTORS}numbers/folder")
    assert (folder["Content-Type"], "job.py" in uploads.unpack(folder.content)) == ("application/zip", True)


def test_all_that_is_wrong_with_a_folder_is_told_and_nothing_is_kept(staff, write):
    answer = take(staff, zipped(write(files={"README.md": "short", "job.py": "def"})))

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:broken_folder")
    assert {error["pointer"].split("/")[1] for error in answer.json()["errors"]} == {"job.py", "README.md"}
    assert not Connector.objects.exists()


@pytest.mark.parametrize("body", [b"", b"no archive", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused_in_words(staff, body):
    answer = take(staff, body)

    assert (answer.status_code, answer.json()["type"]) == (400, "urn:hub:unfit")


def test_staff_see_what_the_gallery_does_not(staff, globex):
    for status in Connector.Status:
        Connector.objects.create(slug=status, name=status, type="n8n", status=status, tenant=globex)

    assert [row["slug"] for row in staff.get(CONNECTORS).json()["results"]] == sorted(Connector.Status.values)
    assert [row["slug"] for row in staff.get(CONNECTORS, {"status": "draft"}).json()["results"]] == ["draft"]


def test_what_staff_decide_is_in_the_trail(staff, write, alice):
    take(staff, zipped(write()))
    staff.patch(f"{CONNECTORS}numbers", {"status": "hidden"}, format="json")

    rows = AuditEvent.everywhere.filter(object_type="Connector").order_by("at")
    assert list(rows.values_list("verb", "actor_name")) == [("imported", alice.email), ("changed", alice.email)]
    assert rows[1].before["status"] == "draft" and rows[1].after["status"] == "hidden"


@pytest.mark.parametrize("change", [{"status": "gone"}, {"position": -1}, {"name": "Other"}])
def test_a_change_that_is_none_is_refused(staff, write, change):
    take(staff, zipped(write()))

    assert staff.patch(f"{CONNECTORS}numbers", change, format="json").status_code == 400
