"""From a job to the command, the environment and the files that submit it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from integrations.domain import EngineError, Job, Json, Origin, SparkEntry
from integrations.engines.spark.installation import FastStart, spark_home
from integrations.engines.spark.rundir import RunDirectory

RUNTIME = Path(__file__).parent / "runtime"
MAIN_CLASS = "org.apache.spark.deploy.SparkSubmit"
DEFAULT_MEMORY = "1g"
# What a driver may know of the hub's environment: where things are, never the hub's own secrets.
PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TZ",
    "TMPDIR",
    "JAVA_HOME",
    "PYSPARK_PYTHON",
    "LD_LIBRARY_PATH",
    "no_proxy",
)
PASSED_ON_PREFIXES = ("LC_", "SPARK_", "HADOOP_", "YARN_", "KRB5", "SSL_CERT_")
KEPT_BACK = ("SPARK_CONF",)
# These are obeyed only by spark-submit's own launcher, before there is a JVM.
NEEDS_LAUNCHER = (
    "spark.driver.extraJavaOptions",
    "spark.driver.defaultJavaOptions",
    "spark.driver.extraClassPath",
    "spark.driver.extraLibraryPath",
)
DEFAULTS = {
    "spark.ui.port": "0",
    "spark.log.level": "WARN",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.timeType.enabled": "true",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where jobs run: any master URL Spark understands, settings for all jobs, and the driver's own address."""

    master: str
    conf: Mapping[str, str]
    local_ip: str

    @property
    def is_local(self) -> bool:
        return self.master.startswith("local")


@dataclass(frozen=True, slots=True)
class Submission:
    command: list[str]
    environment: dict[str, str]


def prepare(job: Job, target: Target, directory: RunDirectory) -> Submission:
    """Write the job's files to its folder and return how to submit it."""
    entry = checked(job.spark)
    conf = configuration(job, entry, target, directory)
    directory.write("spark.conf", properties(conf))
    directory.write("context.json", json.dumps(context(job, entry, directory)))
    return Submission(
        command=[*launcher(conf, target), *arguments(entry, directory)],
        environment=environment(target, directory),
    )


def checked(entry: SparkEntry | None) -> SparkEntry:
    """Return the entry if everything it names on this host is there."""
    if entry is None:
        raise _bad_job("This connector has no Spark job.", "Give the connector a Spark job in the catalogue.")
    if entry.kind == "jar" and not entry.main_class:
        raise _bad_job("This Spark job is a jar and names no main class.", "Set its main class in the catalogue.")
    for name in (entry.entry, *entry.py_files):
        if is_on_this_host(name) and not Path(local_path(name)).is_file():
            raise _bad_job(f"The job's file {name} does not exist.", "Restore the file, or correct the Spark job.")
    return entry


def _bad_job(message: str, fix: str) -> EngineError:
    return EngineError(message, retryable=False, code="job_missing", origin=Origin.SETTINGS, fix=fix, step="start")


def is_on_this_host(name: str) -> bool:
    return urlsplit(name).scheme in ("", "file")


def local_path(name: str) -> str:
    return urlsplit(name).path if name.startswith("file:") else name


def configuration(job: Job, entry: SparkEntry, target: Target, directory: RunDirectory) -> dict[str, str]:
    """Later ones win: the hub's defaults, the settings for all jobs, the job's own, and what the hub relies on."""
    packages = {"spark.jars.packages": ",".join(entry.packages)} if entry.packages else {}
    return {
        **DEFAULTS,
        "spark.sql.warehouse.dir": (directory.path / "warehouse").as_uri(),
        **target.conf,
        **packages,
        **entry.conf,
        "spark.master": target.master,
        "spark.submit.deployMode": "client",
        "spark.app.name": f"hub-{job.key}",
    }


def properties(conf: Mapping[str, str]) -> str:
    """Return the settings as a Java properties file: unlike --conf they are then not in everybody's `ps`."""
    return "".join(f"{_escaped(key, ' :=#!')}={_escaped(str(value), '')}\n" for key, value in conf.items())


def _escaped(text: str, special: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    for character in special:
        text = text.replace(character, "\\" + character)
    return text


def context(job: Job, entry: SparkEntry, directory: RunDirectory) -> Json:
    """Everything the job is told, its secrets too: this file is the only way they take."""
    is_query = entry.kind == "sql"
    script = local_path(entry.entry) if is_on_this_host(entry.entry) else Path(urlsplit(entry.entry).path).name
    return {
        "run_id": str(job.run_id),
        "attempt": job.attempt,
        "key": job.key,
        "connector": job.connector,
        "config": job.config,
        "credential": job.credential,
        "state": job.state,
        "inputs": [{"name": source.name, "uri": source.uri, "format": source.format} for source in job.inputs],
        "output": str(directory.output),
        "roots": [root.replace("{tenant}", str(job.tenant_id)) for root in settings.FILE_ROOTS],
        "script": str(RUNTIME / "query.py") if is_query else script,
        "query": script if is_query else "",
        "result": str(directory.path / "result.json"),
        "ui": str(directory.path / "ui.json"),
    }


def launcher(conf: Mapping[str, str], target: Target) -> list[str]:
    """Return the command that stands for spark-submit: java itself where a local driver can start fast."""
    plain = [str(spark_home() / "bin" / "spark-submit")]
    if not target.is_local or any(name in conf for name in NEEDS_LAUNCHER) or has_own_defaults():
        return plain
    fast = FastStart.here()
    if not fast.is_made:
        return plain
    return [*fast.command(memory=conf.get("spark.driver.memory", DEFAULT_MEMORY)), MAIN_CLASS]


def has_own_defaults() -> bool:
    """Whether this Spark has settings of its own that only its scripts read."""
    folder = Path(os.environ.get("SPARK_CONF_DIR") or spark_home() / "conf")
    return any((folder / name).exists() for name in ("spark-defaults.conf", "spark-env.sh"))


def arguments(entry: SparkEntry, directory: RunDirectory) -> list[str]:
    settings = ["--properties-file", str(directory.path / "spark.conf"), "--load-spark-defaults"]
    if entry.kind == "jar":
        return [*settings, "--class", entry.main_class, entry.entry]
    # Spark fetches what is not on this host if it is told that it is one of the Python files.
    remote = [] if is_on_this_host(entry.entry) or entry.kind == "sql" else [entry.entry]
    py_files = ",".join([str(RUNTIME / "hub.py"), *entry.py_files, *remote])
    return [*settings, "--py-files", py_files, str(RUNTIME / "bootstrap.py")]


def environment(target: Target, directory: RunDirectory) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)) and name not in KEPT_BACK
    }
    python = {"PYSPARK_DRIVER_PYTHON": sys.executable, "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}
    ours = {"SPARK_HOME": str(spark_home()), "HUB_CONTEXT": str(directory.path / "context.json")}
    if target.local_ip:
        ours["SPARK_LOCAL_IP"] = target.local_ip
    if target.is_local:
        # What a killed driver leaves behind is then found and dropped with the run.
        ours["SPARK_LOCAL_DIRS"] = str(directory.path / "tmp")
    return {"PYSPARK_PYTHON": sys.executable, **kept, **python, **ours}
