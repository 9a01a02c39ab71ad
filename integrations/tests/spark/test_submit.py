import json
import uuid
from pathlib import Path

import pytest

from integrations.domain import EngineError, Job, Source, SparkEntry
from integrations.engines.spark import installation, submit
from integrations.engines.spark.rundir import RunDirectory

SECRET = "correct-horse-battery"


@pytest.fixture
def directory(tmp_path):
    directory = RunDirectory(tmp_path / "run")
    directory.make()
    return directory


@pytest.fixture
def script(tmp_path):
    file = tmp_path / "job.py"
    file.write_text("")
    return str(file)


@pytest.fixture(autouse=True)
def no_archive(monkeypatch, tmp_path):
    monkeypatch.setenv("HUB_CACHE_DIR", str(tmp_path / "cache"))


def target(master="local[1]", **conf) -> submit.Target:
    return submit.Target(master, conf, "127.0.0.1")


def job(script, *, conf=None, kind="python", **values) -> Job:
    entry = SparkEntry(kind, script, conf=conf or {}, **values)
    credential = {"password": SECRET}
    inputs = (Source("orders", "file:///data/orders.parquet"),)
    return Job(
        uuid.UUID(int=7), 2, uuid.uuid4(), "x", {"a": 1}, Path("/"), credential=credential, inputs=inputs, spark=entry
    )


def settings_of(directory) -> dict[str, str]:
    lines = (directory.path / "spark.conf").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def make_archive():
    fast = installation.FastStart.here()
    fast.directory.mkdir(parents=True)
    fast.archive.touch()
    (fast.directory / installation.COMMAND).write_text(json.dumps(["/java", "-cp", "jars"]))
    return fast


def test_the_secret_goes_through_a_private_file_and_no_other_way(directory, script):
    submission = submit.prepare(job(script), target(), directory)

    context = directory.path / "context.json"
    assert json.loads(context.read_text())["credential"] == {"password": SECRET}
    assert context.stat().st_mode & 0o777 == 0o600
    assert SECRET not in json.dumps([submission.command, submission.environment, settings_of(directory)])


def test_the_hubs_own_secrets_stay_out_of_a_drivers_environment(directory, script, monkeypatch):
    for name in ("SECRET_KEY", "HUB_KEYS", "DATABASE_URL", "N8N_API_KEY", "SPARK_CONF"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("HADOOP_CONF_DIR", "/etc/hadoop")

    environment = submit.prepare(job(script), target(), directory).environment

    assert SECRET not in environment.values()
    assert environment["HADOOP_CONF_DIR"] == "/etc/hadoop"


def test_the_jobs_own_settings_win_over_those_for_all_jobs(directory, script):
    conf = {"spark.driver.memory": "3g", "spark.app.name": "mine", "spark.submit.deployMode": "cluster"}

    submit.prepare(job(script, conf=conf), target(**{"spark.driver.memory": "2g", "spark.cores.max": "4"}), directory)

    found = settings_of(directory)
    assert (found["spark.driver.memory"], found["spark.cores.max"]) == ("3g", "4")
    assert found["spark.app.name"] == f"hub-{job(script).key}"
    assert found["spark.submit.deployMode"] == "client"


def test_settings_keep_what_a_properties_file_takes_for_its_own(directory):
    text = submit.properties({"spark.a:b": "C:\\new\nline", "spark.c": "x=y #z"})

    assert text == "spark.a\\:b=C:\\\\new\\nline\nspark.c=x=y #z\n"


def test_the_input_and_the_output_are_in_the_context(directory, script):
    submit.prepare(job(script), target(), directory)

    context = json.loads((directory.path / "context.json").read_text())
    assert context["inputs"] == [{"name": "orders", "uri": "file:///data/orders.parquet", "format": "parquet"}]
    assert context["output"] == str(directory.output)


def test_a_query_is_run_by_the_hubs_own_job(directory, script):
    submit.prepare(job(script, kind="sql"), target(), directory)

    context = json.loads((directory.path / "context.json").read_text())
    assert (Path(context["script"]).name, context["query"]) == ("query.py", script)


def test_a_script_elsewhere_is_fetched_by_spark(directory):
    command = submit.prepare(job("s3a://jobs/daily.py"), target(), directory).command

    assert "s3a://jobs/daily.py" in command[command.index("--py-files") + 1].split(",")
    assert json.loads((directory.path / "context.json").read_text())["script"] == "daily.py"


def test_a_jar_names_its_class_and_needs_no_bootstrap(directory, script):
    command = submit.prepare(job(script, kind="jar", main_class="org.acme.Main"), target(), directory).command

    assert command[-3:] == ["--class", "org.acme.Main", script]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (None, "no Spark job"),
        (SparkEntry("jar", "/a.jar"), "names no main class"),
        (SparkEntry("python", "/no/such.py"), "/no/such.py does not exist"),
        (SparkEntry("python", "file:///no/such.py"), "/no/such.py does not exist"),
        (SparkEntry("python", __file__, py_files=("/no/library.zip",)), "/no/library.zip does not exist"),
    ],
)
def test_a_job_that_cannot_be_submitted_is_refused_in_words(entry, words):
    with pytest.raises(EngineError, match=words) as refused:
        submit.checked(entry)

    assert not refused.value.retryable


def test_without_an_archive_spark_submit_is_used(directory, script):
    assert submit.prepare(job(script), target(), directory).command[0].endswith("bin/spark-submit")


def test_with_an_archive_a_local_driver_is_started_by_java_itself(directory, script):
    fast = make_archive()

    command = submit.prepare(job(script, conf={"spark.driver.memory": "3g"}), target(), directory).command

    assert command[:4] == ["/java", "-cp", "jars", "-Xmx3g"]
    assert f"-XX:SharedArchiveFile={fast.archive}" in command
    assert command[command.index(submit.MAIN_CLASS) + 1] == "--properties-file"


@pytest.mark.parametrize("name", submit.NEEDS_LAUNCHER)
def test_what_only_spark_submit_obeys_is_left_to_spark_submit(directory, script, name):
    make_archive()

    command = submit.prepare(job(script, conf={name: "-Da=b"}), target(), directory).command

    assert command[0].endswith("bin/spark-submit")


def test_a_cluster_and_a_spark_with_defaults_of_its_own_get_spark_submit(directory, script, monkeypatch, tmp_path):
    make_archive()
    clustered = submit.prepare(job(script), target("spark://h:7077"), directory)
    (tmp_path / "spark-defaults.conf").touch()
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))

    configured = submit.prepare(job(script), target(), directory)

    assert clustered.command[0].endswith("bin/spark-submit")
    assert configured.command[0].endswith("bin/spark-submit")
