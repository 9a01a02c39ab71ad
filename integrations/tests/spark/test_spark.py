import os
import signal
import sys
from pathlib import Path

import duckdb
import psutil
import pytest
import requests

from integrations.engines.spark import process
from integrations.engines.spark.installation import spark_home
from integrations.engines.spark.rundir import RunDirectory
from integrations.tests.spark.conftest import source, wait_until

pytestmark = pytest.mark.spark
BUILTIN = Path(__file__).resolve().parents[3] / "connectors" / "builtin"
SECRET = "correct-horse-battery"

READ_AND_WRITE = """
from hub import context
people = context.inputs["people"]
context.write(people.where(people.age > context.config["older_than"]).select("name", "age"))
context.set_state({"seen": context.state["seen"] + 1})
context.metrics["read"] = people.count()
"""

WITH_A_USER_FUNCTION = """
import time
from hub import context
from pyspark.sql.functions import udf
spark = context.spark

@udf("bigint")
def slow(x):
    time.sleep(0.5)
    return x

context.write(spark.range(0, 400, 1, 400).select(slow("id").alias("x")))
"""

WAITS_AT_A_GATE = """
import time
from pathlib import Path
from hub import context
from pyspark.sql.functions import udf
assert context.credential == {"password": "%s"}
spark = context.spark
same = udf(lambda x: x, "bigint")
context.write(spark.range(3).select(same("id").alias("x")))
Path("at-the-gate").touch()
while not Path("gate").exists():
    time.sleep(0.05)
"""


def rows(outcome):
    assert outcome.failure is None, outcome.failure
    return duckdb.sql(f"SELECT * FROM read_parquet('{outcome.output.path}/*.parquet') ORDER BY ALL").fetchall()


def people(folder):
    file = folder / "people.parquet"
    values = "('Ada', 36), ('Zoë', 12), ('李', 80)"
    duckdb.sql(f"COPY (SELECT * FROM (VALUES {values}) AS t(name, age)) TO '{file}' (FORMAT parquet)")
    return source(file, "people")


def test_a_job_reads_an_input_and_leaves_rows_state_and_metrics(desk, tmp_path):
    job = desk.job(READ_AND_WRITE, inputs=[people(tmp_path)], config={"older_than": 20}, state={"seen": 4})

    outcome = desk.run(job)

    assert rows(outcome) == [("Ada", 36), ("李", 80)]
    assert (outcome.state, outcome.metrics) == ({"seen": 5}, {"read": 3})


def test_a_query_file_reads_inputs_as_tables_and_settings_by_name(desk, tmp_path):
    query = "SELECT name, NULL AS nothing FROM people WHERE age < :older_than"
    job = desk.job(query, kind="sql", suffix=".sql", inputs=[people(tmp_path)], config={"older_than": 20})

    assert rows(desk.run(job)) == [("Zoë", None)]


def test_a_built_in_job_runs_from_its_folder(desk, tmp_path):
    file = tmp_path / "versions.parquet"
    duckdb.sql(f"COPY (SELECT * FROM (VALUES (1, 'a'), (1, 'b'), (2, 'c')) AS t(id, v)) TO '{file}' (FORMAT parquet)")
    config = {"keys": ["id"], "order_column": "v", "keep": "last"}

    outcome = desk.run(
        desk.job(entry=str(BUILTIN / "deduplicate" / "job.py"), config=config, inputs=[source(file, "dataset")])
    )

    assert rows(outcome) == [(1, "b"), (2, "c")]
    assert outcome.metrics == {"rows_read": 3, "duplicates_removed": 1}


def test_a_dataset_without_rows_or_columns_goes_through_a_job(desk, tmp_path):
    file = tmp_path / "nothing.parquet"
    duckdb.sql(f"COPY (SELECT NULL::INTEGER AS _hub_no_columns LIMIT 0) TO '{file}' (FORMAT parquet)")
    entry = str(BUILTIN / "deduplicate" / "job.py")

    outcome = desk.run(desk.job(entry=entry, config={"keys": ["id"]}, inputs=[source(file, "dataset")]))

    assert outcome.failure is None
    assert not outcome.output.path.exists()


def test_a_python_error_is_told_with_the_jobs_own_line(desk):
    job = desk.job("def share(of):\n    return 1 / of\n\nprint('dividing')\nshare(0)\n")

    failure = desk.run(job).failure

    assert (failure.code, failure.message) == ("job_error", "ZeroDivisionError: division by zero (job.py, line 2)")
    assert failure.detail["source"] == "return 1 / of"
    assert "dividing" in desk.log(desk.handles[0])


def test_an_error_in_a_user_function_is_told_with_the_jobs_own_line(desk):
    script = "from hub import context\nfrom pyspark.sql.functions import udf\nspark = context.spark\n@udf('int')\n"
    script += "def share(x):\n    return 10 // x\n\ncontext.write(spark.range(1).select(share('id').alias('x')))\n"

    failure = desk.run(desk.job(script)).failure

    assert "ZeroDivisionError" in failure.message
    assert failure.message.endswith("(job.py, line 6)")


def test_a_missing_column_is_told_with_those_that_are_there(desk):
    script = "from hub import context\nframe = context.spark.range(1)\ncontext.write(frame.select('idd'))\n"

    failure = desk.run(desk.job(script)).failure

    assert (failure.code, failure.detail["sqlstate"]) == ("unresolved_column", "42703")
    assert failure.fix == "Use a column that is there: `id`."
    assert failure.message.endswith("(job.py, line 3)")


def test_a_job_that_exits_by_itself_is_told_with_its_code(desk):
    failure = desk.run(desk.job("import sys\nsys.exit(3)\n")).failure

    assert (failure.code, failure.detail) == ("exit_code", {"exit_code": 3})


def test_a_job_that_writes_nothing_fails_and_says_how_to_write(desk):
    failure = desk.run(desk.job("from hub import context\n")).failure

    assert failure.code == "no_output"


def test_a_jar_is_submitted_with_its_class(desk):
    jar = next((spark_home() / "jars").glob("spark-launcher_*.jar"))
    job = desk.job(kind="jar", entry=str(jar), main_class="org.apache.spark.launcher.Main")

    failure = desk.run(job).failure

    assert failure.code == "driver_failed"
    assert "org.apache.spark.launcher.Main" in failure.message


def test_a_driver_that_runs_out_of_memory_says_so(desk):
    script = "from hub import context\nrange_ = context.spark.range(1)\n"
    script += "context.write(range_.selectExpr('repeat(cast(id AS string), 1900000000) AS x'))\n"

    failure = desk.run(desk.job(script, conf={"spark.driver.memory": "512m"})).failure

    assert failure.code == "out_of_memory", failure
    assert "spark.driver.memory" in failure.fix


def test_a_cancel_in_the_middle_leaves_no_process(desk):
    job = desk.job(WITH_A_USER_FUNCTION)
    handle = desk.start(job)
    wait_until(lambda: desk.engine.poll(job, handle).done, "the first tasks")
    wait_until(lambda: any("pyspark.daemon" in command(pid) for pid in desk.members(handle)), "a Python worker")

    desk.engine.cancel(handle)

    assert desk.members(handle) == []
    assert desk.outcome(job, handle).is_cancelled


def test_a_driver_killed_in_the_middle_is_worth_another_try(desk):
    job = desk.job(WITH_A_USER_FUNCTION)
    handle = desk.start(job)
    driver = process.Driver(handle["pid"], handle["started"])
    wait_until(lambda: RunDirectory(job.workspace).interface(), "the session")
    wait_until(lambda: not process.signal_all(driver, signal.SIGKILL), "the end")

    failure = desk.outcome(job, handle).failure

    assert (failure.code, failure.retryable) == ("driver_killed", True)


def test_a_secret_is_nowhere_to_be_seen_while_and_after_a_job_runs(desk, tmp_path):
    events = tmp_path / "events"
    events.mkdir()
    conf = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": events.as_uri()}
    job = desk.job(WAITS_AT_A_GATE % SECRET, conf=conf, credential={"password": SECRET})
    (tmp_path / "job.py").chmod(0o600)
    handle = desk.start(job)
    wait_until((job.workspace / "at-the-gate").exists, "the gate")

    seen = [command(pid) + environment(pid) for pid in desk.members(handle)]
    page = RunDirectory(job.workspace).interface()
    shown = requests.get(f"{page['url']}/api/v1/applications/{page['application']}/environment", timeout=60).text
    (job.workspace / "gate").touch()
    assert rows(desk.outcome(job, handle)) == [(0,), (1,), (2,)]

    assert len(seen) >= 3
    assert "spark.app.name" in shown
    assert SECRET not in "".join(seen) + shown + desk.log(handle)
    kept = [file for folder in (events, job.workspace) for file in folder.rglob("*") if file.is_file()]
    assert any(file.is_relative_to(events) for file in kept)
    assert not [file for file in kept if SECRET.encode() in file.read_bytes()]


def test_a_real_cluster_works_by_its_address(desk, cluster, settings, tmp_path):
    settings.SPARK_MASTER = cluster
    settings.SPARK_CONF = {"spark.executor.memory": "512m", "spark.cores.max": "1"}
    job = desk.job(READ_AND_WRITE, inputs=[people(tmp_path)], config={"older_than": 20}, state={"seen": 0})

    assert desk.engine.check().is_ok
    assert rows(desk.run(job)) == [("Ada", 36), ("李", 80)]


@pytest.fixture
def cluster(tmp_path):
    """A standalone master and one worker of the installed Spark; its address."""
    drivers = []

    def daemon(name, *arguments):
        folder = tmp_path / name
        folder.mkdir()
        environment = {"PATH": os.environ["PATH"], "SPARK_HOME": str(spark_home()), "SPARK_LOCAL_IP": "127.0.0.1"}
        environment |= {"PYSPARK_PYTHON": sys.executable, "SPARK_WORKER_DIR": str(folder / "work")}
        daemon_class = f"org.apache.spark.deploy.{name.lower()}.{name}"
        start = [str(spark_home() / "bin" / "spark-class"), daemon_class, "--host", "127.0.0.1", "--webui-port", "0"]
        process.spawn([*start, *arguments], environment=environment, directory=folder, key=name)
        wait_until(lambda: RunDirectory(folder).driver(), name)
        drivers.append(RunDirectory(folder).driver())
        return folder / "stderr"

    log = daemon("Master", "--port", "0")
    wait_until(lambda: "Starting Spark master at spark://" in log.read_text(), "the master")
    address = next(word for word in log.read_text().split() if word.startswith("spark://"))
    daemon("Worker", "-c", "1", "-m", "1g", address)
    wait_until(lambda: "Registering worker" in log.read_text(), "the worker")
    yield address
    for driver in drivers:
        assert process.end(driver, patience_seconds=0)


def command(pid) -> str:
    try:
        return " ".join(psutil.Process(pid).cmdline())
    except psutil.NoSuchProcess:
        return ""


def environment(pid) -> str:
    try:
        return str(psutil.Process(pid).environ())
    except psutil.NoSuchProcess:
        return ""
