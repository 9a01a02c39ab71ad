import io

import pytest
from django.core.management import CommandError, call_command

from integrations.engines.spark import installation, prepare
from integrations.engines.spark.installation import FastStart, Missing


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("HUB_CACHE_DIR", str(tmp_path))


def made(command, draft):
    (draft / installation.ARCHIVE).write_bytes(b"classes")


def test_the_archive_is_made_once_and_both_times_something_is_said(own_cache, monkeypatch):
    monkeypatch.setattr(prepare, "_train", made)
    first, second = io.StringIO(), io.StringIO()

    call_command("prepare_spark", stdout=first)
    call_command("prepare_spark", stdout=second)

    assert "Running a short Spark job" in first.getvalue()
    assert "The archive is there" in second.getvalue()
    assert FastStart.here().is_made


def test_a_training_that_fails_leaves_nothing_half_made(own_cache, monkeypatch, tmp_path):
    def fail(command, draft):
        made(command, draft)
        raise Missing("The training job failed.", "Check Java.")

    monkeypatch.setattr(prepare, "_train", fail)

    with pytest.raises(CommandError, match="The training job failed"):
        call_command("prepare_spark", stdout=io.StringIO())

    assert not FastStart.here().is_made
    assert [item for item in tmp_path.iterdir() if item.is_dir()] == []


def test_another_java_gets_an_archive_of_its_own(own_cache, monkeypatch):
    here = FastStart.here().directory
    java = installation.Java.find()
    other = installation.Java(java.path, 99, "99.0.1")
    monkeypatch.setattr(installation.Java, "find", lambda: other)

    assert FastStart.here().directory != here


def test_the_java_command_is_the_one_spark_submit_would_run():
    command = prepare.java_command()

    assert command[0].endswith("java")
    assert "--add-opens=java.base/java.lang=ALL-UNNAMED" in command
    assert not [word for word in command if word.startswith("-Xmx") or word == prepare.MAIN_CLASS]


@pytest.mark.spark
@pytest.mark.timeout(500)
def test_a_real_archive_starts_a_driver(desk):
    fast = prepare.prepare(print)
    job = desk.job("from hub import context\ncontext.write(context.spark.range(1))\n")

    assert desk.run(job).failure is None
    assert fast.is_made
