from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from connectors import catalog, jobfiles
from connectors.models import Connector, SparkJob
from tenants.models import User

pytestmark = pytest.mark.django_db
ADD = "/admin/connectors/sparkjob/add/"
PLAIN = {"name": "clean", "entry": "", "main_class": "", "py_files": "[]", "packages": "[]", "conf": "{}"}


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = (tmp_path / "data").as_uri()
    return tmp_path / "data" / "jobs"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("root@example.com", "long enough a password"))
    return client


def jar(manifest="Main-Class: org.acme.Clean\r\n", classes=("org/acme/Clean.class",)):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", f"Manifest-Version: 1.0\r\n{manifest}")
        for name in classes:
            archive.writestr(name, b"\xca\xfe\xba\xbe")
    return content.getvalue()


def send(staff, name="", content=b"", path=ADD, **fields):
    files = {"upload": SimpleUploadedFile(name, content)} if name else {}
    return staff.post(path, {**PLAIN, **fields, **files})


def errors(answer):
    return answer.context["adminform"].form.errors


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [("clean.py", b"print('hello')\n", "python"), ("clean.sql", b"SELECT 1 AS a", "sql"), ("clean.jar", jar(), "jar")],
    ids=["python", "sql", "jar"],
)
def test_a_job_is_uploaded_kept_by_its_checksum_and_given_out_again(staff, name, content, kind):
    assert send(staff, name, content).status_code == 302
    job = SparkJob.objects.get()
    assert (job.kind, jobfiles.path_in_bundle(job.entry)) == (kind, name)
    assert jobfiles.checksum(job.entry) == hashlib.sha256(content).hexdigest()
    page = staff.get(reverse("admin:connectors_sparkjob_change", args=[job.pk])).content.decode()
    assert jobfiles.checksum(job.entry) in page
    given = staff.get(reverse("admin:connectors_sparkjob_file", args=[job.pk]))
    assert b"".join(given.streaming_content) == content
    assert name in given.headers["Content-Disposition"]


def test_a_jar_names_its_main_class_itself_and_goes_on_over_lines(staff):
    content = jar("Main-Class: org.acme.ACompanyWhoseName\r\n GoesOn\r\n", ["org/acme/ACompanyWhoseNameGoesOn.class"])
    send(staff, "clean.jar", content)
    assert SparkJob.objects.get().main_class == "org.acme.ACompanyWhoseNameGoesOn"


@pytest.mark.parametrize(
    ("name", "content", "fields", "field", "words"),
    [
        ("clean.py", b"def (:", {}, "upload", "no Python"),
        ("clean.jar", b"PK", {}, "upload", "no zip archive"),
        ("clean.sh", b"rm -rf", {}, "upload", "ending .py, .jar or .sql"),
        ("clean.jar", jar(""), {}, "main_class", "does not name its main class"),
        ("clean.jar", jar(), {"main_class": "org.acme.Other"}, "main_class", "no class org.acme.Other"),
        ("clean.py", b"1", {"entry": "s3a://jobs/x.py"}, "entry", "not both"),
        ("clean.py", b"1", {"conf": '{"a": 1}'}, "conf", "/conf/a"),
        ("", b"", {}, "upload", "Choose a file"),
        ("", b"", {"entry": "/etc/passwd"}, "entry", "full address"),
        ("", b"", {"entry": "hub:abc/job.py"}, "entry", "upload the file"),
        ("", b"", {"entry": "s3a://jobs/clean.sh"}, "entry", "must end in"),
        ("", b"", {"entry": "s3a://jobs/clean.jar"}, "main_class", "Name the class"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",  # a jar's bytes hold the time it was made at
)
def test_what_is_no_job_is_refused_at_its_field_and_nothing_is_kept(
    staff, storage, name, content, fields, field, words
):
    answer = send(staff, name, content, **fields)
    assert answer.status_code == 200
    assert words in " ".join(errors(answer)[field])
    assert not SparkJob.objects.exists()
    assert not storage.exists()


def test_a_new_file_takes_the_place_of_the_old_one_and_the_old_one_stays_for_runs_that_read_it(staff):
    send(staff, "clean.py", b"1\n")
    job = SparkJob.objects.get()
    old, change = job.entry, reverse("admin:connectors_sparkjob_change", args=[job.pk])
    assert send(staff, "clean.sql", b"SELECT 1 AS a", change).status_code == 302
    job.refresh_from_db()
    assert (job.kind, job.entry != old, jobfiles.verify(old).read_bytes()) == ("sql", True, b"1\n")


def test_other_changes_leave_the_file_alone(staff):
    send(staff, "clean.py", b"1\n")
    job = SparkJob.objects.get()
    send(staff, path=reverse("admin:connectors_sparkjob_change", args=[job.pk]), name="", conf='{"spark.x": "1"}')
    entry, job = job.entry, SparkJob.objects.get()
    assert (job.entry, job.conf) == (entry, {"spark.x": "1"})


def test_a_job_in_use_and_a_built_in_one_are_not_deleted(staff):
    catalog.sync()
    job = SparkJob.objects.get(name="pi_estimate")
    assert staff.post(reverse("admin:connectors_sparkjob_delete", args=[job.pk]), {"post": "yes"}).status_code == 403
    assert staff.get(reverse("admin:connectors_sparkjob_change", args=[job.pk])).status_code == 200
    assert send(staff, path=reverse("admin:connectors_sparkjob_change", args=[job.pk])).status_code == 403
    assert Connector.objects.get(slug="pi_estimate").spark_job == job


def test_who_may_not_look_at_jobs_is_given_no_file(client, staff):
    send(staff, "clean.py", b"1\n")
    client.force_login(User.objects.create(email="clerk@example.com", is_staff=True))
    assert client.get(reverse("admin:connectors_sparkjob_file", args=[SparkJob.objects.get().pk])).status_code == 404
