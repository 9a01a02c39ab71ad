from __future__ import annotations

import io
import zipfile

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from connectors import catalog, jobfiles
from connectors.models import Connector
from connectors.uploads.archives import Limits
from tenants.models import User

pytestmark = pytest.mark.django_db
IMPORT = "/admin/connectors/connector/import"


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = (tmp_path / "data").as_uri()


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("root@example.com", "long enough a password"))
    return client


def export(staff, row):
    return staff.get(reverse("admin:connectors_connector_export_folder", args=[row.pk]))


def send(staff, content):
    return staff.post(IMPORT, {"folder": SimpleUploadedFile("folder.zip", content)}, follow=True)


def test_a_connector_goes_out_is_renamed_and_comes_in(staff):
    catalog.sync()
    answer = export(staff, Connector.objects.get(slug="deduplicate"))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="deduplicate-')
    Connector.objects.all().delete()
    page = send(staff, answer.content)
    row = Connector.objects.get()
    assert (row.source, row.status) == ("custom", "draft")
    assert page.redirect_chain[-1][0] == reverse("admin:connectors_connector_change", args=[row.pk])
    assert b"Look at it, then publish it." in page.content


def test_what_is_wrong_with_a_folder_is_listed_by_file_and_place(staff):
    catalog.sync()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("x/connector.json", '{"slug": "x"}')
    page = send(staff, content.getvalue())
    assert page.status_code == 422
    assert b"Nothing was taken in" in page.content
    assert b"<code>connector.json</code>" in page.content and b"<code>/version</code>" in page.content
    assert not Connector.objects.filter(source="custom").exists()


def test_what_is_no_archive_is_refused_at_the_field(staff):
    page = send(staff, b"nothing")
    assert page.status_code == 422
    assert b"no zip archive" in page.content


def test_an_archive_that_is_too_large_is_not_even_read(staff, monkeypatch):
    monkeypatch.setattr("connectors.admin.importing.FOLDER", Limits(bytes=10, unpacked_bytes=10, members=1))
    monkeypatch.setattr("connectors.exchange.take", lambda content: pytest.fail("it was read"))
    assert b"The archive is larger than" in send(staff, b"PK" * 100).content


def test_a_copy_of_a_built_in_one_is_staff_s_own(staff):
    catalog.sync()
    row = Connector.objects.get(slug="pi_estimate")
    for slug in ("pi_estimate_copy", "pi_estimate_copy_1"):
        assert staff.post(reverse("admin:connectors_connector_copy", args=[row.pk])).status_code == 302
        copy = Connector.objects.get(slug=slug)
        assert (copy.source, copy.status, copy.schema) == ("custom", "draft", row.schema)
        assert copy.spark_job_id != row.spark_job_id
        assert jobfiles.verify(copy.spark_job.entry).name == "job.py"


def test_a_job_s_file_that_is_damaged_is_not_given_out(staff):
    catalog.sync()
    staff.post(reverse("admin:connectors_connector_copy", args=[Connector.objects.get(slug="pi_estimate").pk]))
    copy = Connector.objects.get(slug="pi_estimate_copy")
    jobfiles.place(copy.spark_job.entry).write_text("changed")
    assert export(staff, copy).status_code == 302


@pytest.mark.parametrize("rights", [(), ("view_connector",), ("view_connector", "add_connector")])
def test_folders_come_in_only_from_those_who_may_add_and_change(client, rights):
    clerk = User.objects.create(email="clerk@example.com", is_staff=True)
    clerk.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client.force_login(clerk)
    assert client.post(IMPORT, {"folder": SimpleUploadedFile("x.zip", b"x")}).status_code == 403
    row = Connector.objects.create(slug="crm", name="CRM", type="n8n")
    expected = 403 if "add_connector" not in rights else 302
    assert client.post(reverse("admin:connectors_connector_copy", args=[row.pk])).status_code == expected
    assert client.get(reverse("admin:connectors_connector_copy", args=[row.pk])).status_code in (403, 405)
