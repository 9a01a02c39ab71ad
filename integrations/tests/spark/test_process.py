import os
import signal
import subprocess
import sys

import psutil
import pytest

from integrations.engines.spark import process
from integrations.engines.spark.rundir import RunDirectory
from integrations.tests.spark.conftest import wait_until

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def launch(tmp_path):
    drivers = []

    def start(*command):
        process.spawn(command, environment=ENVIRONMENT, directory=tmp_path, key="k")
        wait_until(lambda: RunDirectory(tmp_path).driver() is not None, "the pid file")
        drivers.append(RunDirectory(tmp_path).driver())
        return drivers[-1]

    yield start
    for driver in drivers:
        assert process.end(driver, patience_seconds=0)


def test_a_driver_leads_a_session_of_its_own(launch):
    driver = launch("sleep", "300")

    assert driver.is_alive()
    assert os.getsid(driver.pid) == driver.pid != os.getsid(0)
    wait_until(lambda: len(driver.members()) == 2, "the shell and its child")


def test_a_second_launch_in_the_same_folder_ends_and_leaves_the_first_alone(launch, tmp_path):
    first = launch("sleep", "300")

    second = process.spawn(["touch", "ran"], environment=ENVIRONMENT, directory=tmp_path, key="k")
    _, status = os.waitpid(second, 0)

    assert os.waitstatus_to_exitcode(status) == 75
    assert RunDirectory(tmp_path).driver() == first
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("code", [0, 1, 3, 52])
def test_the_exit_code_is_noted_though_nobody_waits_for_it(launch, tmp_path, code):
    launch("sh", "-c", f"exit {code}")

    wait_until(lambda: RunDirectory(tmp_path).exit_code() is not None, "the exit code")
    assert RunDirectory(tmp_path).exit_code() == code


def test_a_sigterm_to_the_session_ends_the_driver_and_is_noted(launch, tmp_path):
    driver = launch("sleep", "300")
    # A signal that comes between the shell's fork and the program's start is lost.
    wait_until(lambda: any(psutil.Process(pid).name() == "sleep" for pid in driver.members()), "the child")

    assert process.end(driver, patience_seconds=60)

    assert RunDirectory(tmp_path).exit_code() == 143
    assert not driver.is_alive()


def test_processes_that_ignore_a_sigterm_and_fork_are_killed_all_the_same(launch):
    driver = launch("sh", "-c", "trap '' TERM; while :; do sleep 300 & sleep 0.01; done")
    wait_until(lambda: len(driver.members()) > 5, "a crowd")

    assert process.end(driver, patience_seconds=0, limit_seconds=60)

    assert driver.members() == []


def test_a_pid_that_was_used_again_is_not_our_driver(launch):
    driver = launch("sleep", "300")
    namesake = process.Driver(driver.pid, driver.started + 1)

    assert not namesake.is_alive()
    assert namesake.members() == []
    assert process.end(namesake)
    assert driver.is_alive()


def test_a_pid_file_that_names_another_program_is_not_believed(tmp_path):
    assert process.find(os.getpid(), tmp_path) == process.Driver(os.getpid(), 0.0)
    assert not process.find(os.getpid(), tmp_path).is_alive()


def test_a_zombie_counts_as_gone():
    child = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert process.start_time(child.pid) is None
    assert process.Driver(child.pid, 1.0).members() == []
    child.wait()


def test_a_child_that_ended_is_reaped_and_a_stranger_is_no_error(launch, tmp_path):
    driver = launch("true")
    wait_until(lambda: not driver.is_alive(), "the end")

    process.reap(driver.pid)
    process.reap(driver.pid)

    with pytest.raises(ProcessLookupError):
        os.kill(driver.pid, 0)


def test_the_start_time_of_another_platform_is_known_too(launch):
    driver = launch("sleep", "300")

    assert process._portable_start_time(driver.pid) == process._portable_start_time(driver.pid) > 0
    os.kill(driver.pid, signal.SIGKILL)
    wait_until(lambda: process._portable_start_time(driver.pid) is None, "the end")
