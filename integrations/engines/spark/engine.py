"""Apache Spark behind the engines' door: a driver on this host for each job, its work at any master."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from integrations.domain import EngineError, Handle, Health, Job, LogPage, Origin, Plan, Progress, Ref, Verdict
from integrations.engines.spark import endings, logs, process, progress, submit
from integrations.engines.spark.installation import Java, Missing, spark_home, spark_version
from integrations.engines.spark.rundir import RunDirectory

CLAIM_SECONDS = 10.0
CONNECT_SECONDS = 3.0
STANDALONE_PORT = 7077


class SparkEngine:
    needs_deployment = False
    is_bound_to_host = True
    keeps_data = False
    tells_progress = True
    poll_seconds = (0.2, 1.0)

    def check(self) -> Health:
        try:
            java = Java.find()
            spark_home()
        except Missing as missing:
            return Health(False, problem=missing.problem, fix=missing.fix)
        target = current_target()
        if not is_reachable(target.master):
            failure = endings.unreachable(f"Spark's master {target.master} does not answer.")
            return Health(False, spark_version(), failure.message, failure.fix)
        return Health(True, f"{spark_version()} on Java {java.version}, {target.master}")

    def provision(self, plan: Plan) -> Ref:
        return {}

    def deprovision(self, ref: Ref) -> None:
        return

    def test(self, plan: Plan, seconds: float) -> Verdict | None:
        return None

    def start(self, job: Job) -> Progress:
        directory = RunDirectory(job.workspace.absolute())
        directory.make()
        with directory.locked():
            # A driver may be there: submitted by a worker that died before it could say so.
            driver = directory.driver() or submitted(job, directory)
        return Progress(handle=handle_of(driver, directory), message="Starting Spark")

    def find(self, job: Job) -> Handle | None:
        directory = RunDirectory(job.workspace.absolute())
        driver = directory.driver()
        return handle_of(driver, directory) if driver else None

    def poll(self, job: Job, handle: Handle) -> Progress:
        driver, directory = opened(handle)
        # In this order: a driver that ends between the two lines has left its exit code.
        is_running = driver.is_alive() or (directory.exit_code() is None and bool(driver.members()))
        process.reap(driver.pid)
        if is_running and directory.exit_code() is None:
            return moving(job, handle, directory)
        process.end(driver, patience_seconds=0)
        outcome = endings.outcome(directory)
        directory.clear_scratch()
        return Progress(handle=handle, unit="tasks", outcome=outcome)

    def cancel(self, handle: Handle) -> None:
        driver, directory = opened(handle)
        directory.mark_cancelled()
        if not process.end(driver):
            raise EngineError("The driver's processes do not end.", retryable=True, code="not_ended", step="cancel")

    def forget(self, handle: Handle) -> None:
        """Drop the rows; the log stays for as long as the run's folder does."""
        RunDirectory(Path(handle["dir"])).drop_output()

    def logs(self, handle: Handle, cursor: str) -> LogPage:
        driver, directory = opened(handle)
        return logs.page(directory, cursor, is_over=not driver.is_alive())


def submitted(job: Job, directory: RunDirectory) -> process.Driver:
    """Submit the job and return its driver once that has claimed the folder."""
    target = current_target()
    if not is_reachable(target.master):
        failure = endings.unreachable(f"Spark's master {target.master} does not answer.")
        raise EngineError(
            failure.message,
            retryable=True,
            code=failure.code,
            origin=failure.origin,
            fix=failure.fix,
            step=failure.step,
        )
    try:
        Java.find()
        submission = submit.prepare(job, target, directory)
    except Missing as missing:
        raise EngineError(
            missing.problem, retryable=False, code="not_installed", origin=Origin.ENGINE, fix=missing.fix, step="start"
        ) from None
    pid = process.spawn(submission.command, environment=submission.environment, directory=directory.path, key=job.key)
    if not process.until(lambda: directory.driver() is not None, CLAIM_SECONDS):
        process.reap(pid)
        raise EngineError("The driver's launcher did not start.", retryable=True, code="not_started", step="start")
    driver = directory.driver()
    assert driver is not None
    return driver


def current_target() -> submit.Target:
    return submit.Target(settings.SPARK_MASTER, settings.SPARK_CONF, settings.SPARK_LOCAL_IP)


def is_reachable(master: str) -> bool:
    """Whether one of a standalone cluster's masters listens; of other masters Spark itself must tell.

    Spark would try for more than a minute before it gave up.
    """
    if not master.startswith("spark://"):
        return True
    return any(_listens(address) for address in master.removeprefix("spark://").split(","))


def _listens(address: str) -> bool:
    parts = urlsplit(f"//{address}")
    try:
        with socket.create_connection((parts.hostname, parts.port or STANDALONE_PORT), timeout=CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def handle_of(driver: process.Driver, directory: RunDirectory) -> Handle:
    return {"host": settings.HOST, "pid": driver.pid, "started": driver.started, "dir": str(directory.path)}


def opened(handle: Handle) -> tuple[process.Driver, RunDirectory]:
    """Return what a handle stands for; its processes and its folder are on one host only."""
    if handle["host"] != settings.HOST:
        raise EngineError(
            f"The driver runs on {handle['host']}, this is {settings.HOST}.",
            retryable=True,
            code="other_host",
            origin=Origin.HUB,
            fix=f"Start a worker on {handle['host']}.",
        )
    return process.Driver(handle["pid"], handle["started"]), RunDirectory(Path(handle["dir"]))


def moving(job: Job, handle: Handle, directory: RunDirectory) -> Progress:
    """Return how far a living driver is. A jar has no bootstrap that could tell where to ask."""
    is_jar = job.spark is not None and job.spark.kind == "jar"
    if directory.interface() is None and not is_jar:
        return Progress(handle=handle, message="Starting Spark")
    known = progress.look(directory)
    done, total = known if known else (None, None)
    return Progress(handle=handle, done=done, total=total, unit="tasks", message="Spark is working")
