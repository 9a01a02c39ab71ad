from __future__ import annotations

import io
import json
import zipfile

import pytest

from connectors import catalog, conformance, exchange, folders, jobfiles, uploads
from connectors.manifest import Broken
from connectors.models import Connector, SparkJob

pytestmark = pytest.mark.django_db
BUILTIN = sorted(folder.name for folder in folders.find(catalog.BUILTIN))


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = (tmp_path / "data").as_uri()
    return tmp_path / "data" / "jobs"


def zipped(folder, around=True):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent if around else folder))
    return content.getvalue()


def unpacked(archive, root):
    for path, content in uploads.unpack(archive).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def refused(archive):
    with pytest.raises(Broken) as broken:
        exchange.take(archive)
    return [(problem.file, problem.pointer, problem.detail) for problem in broken.value.problems]


@pytest.mark.parametrize("slug", BUILTIN)
def test_a_connector_that_went_out_and_came_in_is_the_same(slug, tmp_path):
    catalog.sync()
    row = Connector.objects.get(slug=slug)
    archive = exchange.pack(row)
    folder = unpacked(archive, tmp_path / slug)
    assert conformance.problems(folder) == []
    assert folders.read(folder) == folders.read(catalog.BUILTIN / slug)
    row.delete()

    taken = exchange.take(archive)
    taken.refresh_from_db()

    assert (taken.source, taken.status) == ("custom", "draft")
    taken.refresh_from_db()  # PostgreSQL orders the keys of what is JSON
    assert exchange.pack(taken) == archive
    if taken.spark_job:
        original = (catalog.BUILTIN / slug / folders.read(catalog.BUILTIN / slug).spark.entry).read_bytes()
        assert jobfiles.verify(taken.spark_job.entry).read_bytes() == original


@pytest.mark.parametrize("around", [True, False])
def test_a_folder_comes_in_with_its_files_wherever_they_lie(write, around):
    folder = write(
        files={"lib/count.py": "def count(): ...\n"},
        spark={"kind": "python", "entry": "job.py", "py_files": ["lib/count.py", "s3a://jobs/more.py"], "packages": []},
    )
    job = exchange.take(zipped(folder, around)).spark_job
    entry, module = (jobfiles.place(file) for file in (job.entry, job.py_files[0]))
    assert module == entry.parent / "lib" / "count.py"
    assert job.py_files[1] == "s3a://jobs/more.py"
    assert exchange.take(exchange.pack(Connector.objects.get())).spark_job == job


@pytest.mark.parametrize(
    ("files", "changes", "file", "pointer", "words"),
    [
        ({"README.md": None}, {}, "README.md", "", "heading"),
        ({"logo.svg": "<svg onload='x'/>"}, {}, "logo.svg", "", "does not start with"),
        ({"job.py": "def (:"}, {}, "job.py", "", "no Python"),
        ({"job.py": None}, {}, "connector.json", "/spark", "no file job.py"),
        ({"more.csv": "a,b"}, {}, "more.csv", "", "names this file"),
        ({"connector.json": "{"}, {}, "connector.json", "", "not JSON"),
        ({"connector.json": '{"slug": "numbers", "name": NaN}'}, {}, "connector.json", "/name", "no JSON"),
        ({"connector.json": None}, {}, "connector.json", "", "missing"),
        ({}, {"version": "one"}, "connector.json", "/version", "three numbers"),
        ({}, {"name": "nul \0"}, "connector.json", "/name", "cannot be stored"),
        ({}, {"schema": {"config": {"properties": {"a": {"format": "x"}}}}}, "connector.json",
         "/schema/config/properties/a/format", "not known"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_and_field_and_nothing_is_kept(
    write, storage, files, changes, file, pointer, words
):
    found = refused(zipped(write(files=files, **changes)))
    assert (file, pointer) in [problem[:2] for problem in found]
    assert words in " ".join(problem[2] for problem in found)
    assert len(set(found)) == len(found)
    assert not Connector.objects.exists() and not SparkJob.objects.exists() and not storage.exists()


@pytest.mark.parametrize("slug", ["../evil", "..", "a/b", "", 7, None, "ü", "x" * 300])
def test_a_slug_leads_nowhere(write, slug):
    folder = write(files={"connector.json": json.dumps({"slug": slug})})
    assert "/slug" in [problem[1] for problem in refused(zipped(folder))]


def test_a_later_version_of_our_own_keeps_what_staff_decided(write):
    row = exchange.take(zipped(write()))
    Connector.objects.update(status="published", is_featured=True, position=3)
    again = exchange.take(zipped(write(files={"job.py": "print(2)\n"}, version="1.1.0", name="More numbers")))
    again.refresh_from_db()
    assert (again.pk, again.version, again.name) == (row.pk, "1.1.0", "More numbers")
    assert (again.status, again.is_featured, again.position) == ("published", True, 3)
    assert SparkJob.objects.count() == 1


def test_a_slug_that_is_a_built_in_s_is_refused(write, storage):
    catalog.sync()
    [problem] = refused(zipped(write("pi_estimate")))
    assert problem[:2] == ("connector.json", "/slug")
    assert "choose another one" in problem[2]
    assert not storage.exists()


def test_what_uses_a_connector_is_not_moved_to_another_engine(write):
    Connector.objects.create(slug="numbers", name="Numbers", type="n8n")
    assert refused(zipped(write()))[0][:2] == ("connector.json", "/type")


def test_a_job_that_others_use_is_not_written_over(write):
    other = SparkJob.objects.create(name="numbers", kind="python", entry="s3a://jobs/x.py")
    taken = exchange.take(zipped(write()))
    other.refresh_from_db()
    assert other.entry == "s3a://jobs/x.py"
    assert (taken.spark_job.name, taken.spark_job.pk != other.pk) == ("numbers 2", True)


def test_a_job_at_an_address_goes_out_as_an_address(write):
    job = SparkJob.objects.create(name="far", kind="python", entry="s3a://jobs/far.py")
    row = Connector.objects.create(slug="far", name="Far", type="spark", spark_job=job)
    assert exchange.document(row)["spark"]["entry"] == "s3a://jobs/far.py"
    assert list(exchange.files(row)) == ["connector.json"]


def test_no_archive_is_no_connector():
    with pytest.raises(uploads.Unfit):
        exchange.take(b"PK nothing")
