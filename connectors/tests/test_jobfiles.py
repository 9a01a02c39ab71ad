from __future__ import annotations

import io
import subprocess

import pytest

from connectors import catalog, jobfiles
from connectors.jobfiles import Damaged
from connectors.models import SparkJob


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = (tmp_path / "data").as_uri()
    return tmp_path / "data"


def keep(**files):
    return jobfiles.keep({name.replace("__", "."): io.BytesIO(content) for name, content in files.items()})


def test_files_of_a_job_are_kept_side_by_side_and_found_again():
    kept = jobfiles.keep({"job.py": io.BytesIO(b"import lib.a"), "lib/a.py": io.BytesIO(b"A = 1")})
    files = {name: jobfiles.verify(reference) for name, reference in kept.items()}
    assert files["lib/a.py"].read_bytes() == b"A = 1"
    assert files["lib/a.py"].parent.parent == files["job.py"].parent
    assert jobfiles.path_in_bundle(kept["lib/a.py"]) == "lib/a.py"


def test_the_same_files_are_kept_once_and_others_beside_them(storage):
    first, again, other = keep(job__py=b"1"), keep(job__py=b"1"), keep(job__py=b"2")
    assert first == again != other
    assert len(list((storage / "jobs").iterdir())) == 2


def test_what_is_kept_can_be_checked_with_sha256sum():
    reference = keep(job__py=b"print(1)")["job.py"]
    answer = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=jobfiles.place(reference).parent, check=False)
    assert answer.returncode == 0


@pytest.mark.parametrize("name", ["job.py", "SHA256SUMS"])
def test_a_file_that_was_changed_behind_the_hub_s_back_is_not_run(name):
    reference = keep(job__py=b"print(1)")["job.py"]
    jobfiles.verify(reference)
    (jobfiles.place(reference).parent / name).write_bytes(b"print(2)")
    with pytest.raises(Damaged, match="is not the one that was uploaded"):
        catalog.check_files(SparkJob(entry=reference))


def test_a_file_that_is_gone_says_so_and_comes_back_by_uploading_it_again():
    reference = keep(job__py=b"1")["job.py"]
    jobfiles.place(reference).unlink()
    with pytest.raises(Damaged, match="is no longer in the hub's storage"):
        jobfiles.verify(reference)
    assert keep(job__py=b"1")["job.py"] == reference
    assert jobfiles.verify(reference).read_bytes() == b"1"


@pytest.mark.parametrize("reference", ["hub:", "hub:abc", "hub:../x/job.py", "hub:abc/../../etc/passwd", "/etc/passwd"])
def test_a_reference_leads_nowhere_else(reference):
    with pytest.raises(Damaged):
        jobfiles.verify(reference)
