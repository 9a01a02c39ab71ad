"""Jobs as staff upload them, from the form to the rows."""

import subprocess

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from connectors import jobfiles
from connectors.models import Connector, SparkJob
from integrations.engines.spark.engine import opened
from integrations.engines.spark.installation import Java, spark_home
from integrations.engines.spark.process import end
from integrations.models import DatasetVersion, Run
from integrations.services import storage
from integrations.testing import follow
from tenants.models import User

pytestmark = [pytest.mark.spark, pytest.mark.django_db, pytest.mark.usefixtures("bells", "one_core")]
CONFIG = {"type": "object", "properties": {"greeting": {"type": "string", "title": "Greeting"}}}
PYTHON = b"""
from hub import context
context.write(context.spark.createDataFrame([(context.config["greeting"],)], "greeting string"))
"""
QUERY = b"SELECT :greeting AS greeting"
SCALA = """
package org.acme
object Greet {
  def main(args: Array[String]): Unit = {
    val spark = org.apache.spark.sql.SparkSession.builder.getOrCreate()
    val context = spark.read.json(sys.env("HUB_CONTEXT"))
    val output = context.select("output").head().getString(0)
    context.selectExpr("config.greeting AS greeting").write.parquet(output + "/main")
    spark.stop()
  }
}
"""


@pytest.fixture
def one_core(settings):
    settings.SPARK_MASTER = "local[1]"
    settings.SPARK_CONF = {}


@pytest.fixture(scope="session")
def jar(tmp_path_factory):
    """A jar that Spark's own Scala compiler makes: it needs no more than the Java that Spark runs on."""
    folder = tmp_path_factory.mktemp("jar")
    (folder / "Greet.scala").write_text(SCALA)
    jars = f"{spark_home()}/jars/*"
    compiler = [str(Java.find().path), "-cp", jars, "scala.tools.nsc.Main", "-usejavacp", "-d", "greet.jar"]
    subprocess.run([*compiler, "Greet.scala"], cwd=folder, check=True, timeout=200)
    return (folder / "greet.jar").read_bytes()


@pytest.fixture
def upload(make_run):
    """Return a function that uploads a job, uses it in a connector, and runs that."""
    staff = Client()
    staff.force_login(User.objects.create_superuser("root@example.com", "irrelevant"))

    def run(name, content, break_it=lambda job: None, **fields) -> Run:
        given = {"name": "greet", "py_files": "[]", "packages": "[]", "conf": "{}", **fields}
        answer = staff.post("/admin/connectors/sparkjob/add/", {**given, "upload": SimpleUploadedFile(name, content)})
        assert answer.status_code == 302, answer.context["adminform"].form.errors
        job = SparkJob.objects.get()
        values = {"slug": "greet", "name": "Greet", "type": "spark", "status": "published", "version": "1.0.0"}
        connector = Connector.objects.create(**values, spark_job=job, schema={"credential": {}, "config": CONFIG})
        break_it(job)
        return follow(make_run({"greeting": "Good day"}, connector=connector), seconds=110)

    yield run
    for handle in Run.everywhere.exclude(handle=None).values_list("handle", flat=True):
        if "pid" in handle:
            assert end(opened(handle)[0], patience_seconds=0)


def rows(run):
    assert run.state == "succeeded", run.failure
    return storage.preview(DatasetVersion.everywhere.get(run=run).uri, 10)["rows"]


@pytest.mark.parametrize(("name", "content"), [("greet.py", PYTHON), ("greet.sql", QUERY)], ids=["python", "sql"])
def test_an_uploaded_script_or_query_runs_on_spark_and_its_rows_land(upload, name, content):
    assert rows(upload(name, content)) == [{"greeting": "Good day"}]


def test_an_uploaded_jar_runs_on_spark_and_its_rows_land(upload, jar):
    assert rows(upload("greet.jar", jar, main_class="org.acme.Greet")) == [{"greeting": "Good day"}]


def test_a_job_that_was_changed_behind_the_hub_s_back_does_not_run(upload):
    run = upload("greet.py", PYTHON, lambda job: jobfiles.place(job.entry).write_bytes(b"raise SystemExit(0)"))
    assert (run.state, run.failure["code"]) == ("failed", "job_damaged")
    assert "Upload the file again" in run.failure["fix"]
