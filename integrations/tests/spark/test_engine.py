import os
import signal
import socket
import threading

import pytest

from integrations.domain import EngineError, Plan
from integrations.engines.spark import process
from integrations.tests.spark.conftest import wait_until

ENDS_WELL = "mkdir -p output/main && touch output/main/_SUCCESS && echo x >> asked"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_job_is_followed_to_its_rows(desk, shell_driver):
    job = desk.job(ENDS_WELL)

    outcome = desk.run(job)

    assert outcome.output.path == job.workspace / "output" / "main"
    assert desk.engine.poll(job, desk.handles[0]).outcome == outcome


def test_a_job_that_was_started_is_found_and_not_started_again(desk, shell_driver):
    job = desk.job(f"{ENDS_WELL}; sleep 300")
    assert desk.engine.find(job) is None

    first = desk.start(job)

    assert desk.engine.find(job) == first
    assert desk.engine.start(job).handle == first


def test_a_job_that_ended_unseen_is_found_with_its_outcome(desk, shell_driver):
    job = desk.job(ENDS_WELL)
    wait_until(lambda: not process.Driver(*pid_and_start(desk.start(job))).is_alive(), "the end")

    handle = desk.engine.find(job)

    assert desk.engine.start(job).handle == handle
    assert desk.outcome(job, handle).failure is None
    assert (job.workspace / "asked").read_text() == "x\n"


def test_two_workers_that_start_the_same_job_start_it_once(desk, shell_driver):
    job = desk.job(f"{ENDS_WELL}; sleep 300")
    starters = [threading.Thread(target=desk.start, args=(job,)) for _ in range(6)]

    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join()

    assert len(desk.handles) == 6
    assert len({handle["pid"] for handle in desk.handles}) == 1
    wait_until((job.workspace / "asked").exists, "the driver")
    assert (job.workspace / "asked").read_text() == "x\n"


def test_a_cancel_ends_everything_the_driver_started(desk, shell_driver):
    job = desk.job("trap '' TERM; sleep 300 & sleep 300 & sleep 300")
    handle = desk.start(job)
    wait_until(lambda: len(desk.members(handle)) == 5, "all processes")

    desk.engine.cancel(handle)
    desk.engine.cancel(handle)

    assert desk.members(handle) == []
    assert desk.outcome(job, handle).is_cancelled


def test_a_driver_killed_without_a_word_is_worth_another_try(desk, shell_driver):
    job = desk.job("sleep 300")
    handle = desk.start(job)
    wait_until(lambda: not process.signal_all(process.Driver(*pid_and_start(handle)), signal.SIGKILL), "the end")

    failure = desk.outcome(job, handle).failure

    assert (failure.code, failure.retryable) == ("driver_killed", True)
    assert "without a word" in failure.message


def test_a_driver_whose_launcher_was_killed_is_followed_to_its_end(desk, shell_driver):
    result = '{"outputs": {"": "/rows"}, "metrics": {}, "state": null, "error": null}'
    job = desk.job(f"while [ ! -f go ]; do sleep 0.05; done; echo '{result}' > result.json")
    handle = desk.start(job)
    wait_until(lambda: len(desk.members(handle)) >= 2, "the driver")
    os.kill(handle["pid"], signal.SIGKILL)
    wait_until(lambda: handle["pid"] not in desk.members(handle), "the launcher's end")

    assert desk.engine.poll(job, handle).outcome is None
    (job.workspace / "go").touch()

    assert str(desk.outcome(job, handle).output.path) == "/rows"


def test_what_a_driver_never_read_does_not_outlive_it(desk, shell_driver):
    job = desk.job("echo secret > context.json")

    desk.run(job)

    assert not (job.workspace / "context.json").exists()


def test_the_rows_are_dropped_and_the_log_stays(desk, shell_driver):
    job = desk.job(f"echo hello; {ENDS_WELL}")
    desk.run(job)

    desk.engine.forget(desk.handles[0])

    assert not (job.workspace / "output").exists()
    assert desk.log(desk.handles[0]) == "hello"


def test_a_driver_of_another_host_is_left_to_that_hosts_workers(desk, shell_driver):
    job = desk.job("sleep 300")
    elsewhere = {**desk.start(job), "host": "elsewhere"}

    with pytest.raises(EngineError, match="elsewhere") as refused:
        desk.engine.poll(job, elsewhere)

    assert refused.value.retryable


def test_a_master_that_does_not_answer_is_told_before_anything_is_started(desk, settings):
    settings.SPARK_MASTER = f"spark://127.0.0.1:{free_port()}"
    job = desk.job("")

    with pytest.raises(EngineError, match="does not answer") as refused:
        desk.engine.start(job)

    assert (refused.value.failure.code, refused.value.retryable) == ("master_unreachable", True)
    assert desk.engine.find(job) is None
    assert not desk.engine.check().is_ok


def test_one_of_several_masters_is_enough(desk, settings):
    with socket.socket() as master:
        master.bind(("127.0.0.1", 0))
        master.listen()
        settings.SPARK_MASTER = f"spark://127.0.0.1:{free_port()},127.0.0.1:{master.getsockname()[1]}"

        assert desk.engine.check().is_ok


def test_a_machine_without_java_is_told_how_to_get_it(desk, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", "/no/java")

    health = desk.engine.check()

    assert "no Java in JAVA_HOME (/no/java)" in health.problem
    assert "Install Java 17" in health.fix
    with pytest.raises(EngineError, match="no Java"):
        desk.engine.start(desk.job(""))


def test_a_java_that_is_too_old_is_named(desk, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert "is Java 11.0.2; Spark 4 needs 17 or newer" in desk.engine.check().problem


def test_the_installed_spark_and_java_are_shown(desk):
    health = desk.engine.check()

    assert health.is_ok
    assert health.version.startswith("4.3.0 on Java ")


def test_there_is_nothing_to_provision(desk):
    assert not desk.engine.needs_deployment
    assert desk.engine.provision(Plan(key="k", name="n", template={})) == {}
    assert desk.engine.deprovision({}) is None


def pid_and_start(handle) -> tuple[int, float]:
    return handle["pid"], handle["started"]
