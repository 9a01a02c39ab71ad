import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from embedded.supervisor import Service, Supervisor, end_leftovers

FOREVER = "import time\nwhile True: time.sleep(1)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\n{FOREVER}"
# Starts a grandchild in a session of its own, as the Spark engine does with its drivers, and says its pid.
PARENT = (
    "import subprocess, sys\n"
    f"child = subprocess.Popen([sys.executable, '-c', {FOREVER!r}], start_new_session=True,"
    " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
    f"print('started', child.pid, flush=True)\n{FOREVER}"
)


def python(name, code, rank=0):
    return Service(name, [sys.executable, "-c", code], dict(os.environ), rank=rank)


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def is_running(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_said(output):
    wait_for(lambda: "started " in output.getvalue())
    return int(output.getvalue().split("started ")[1].split()[0])


@pytest.fixture
def output():
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path, output):
    made = Supervisor(Path.cwd(), tmp_path / "sessions.json", output)
    yield made
    made.stop(patience_seconds=0)


def test_what_a_process_prints_is_shown_under_its_name(supervisor, output):
    supervisor.start(python("talker", f"print('hello', flush=True)\n{FOREVER}"))
    wait_for(lambda: "talker  | hello" in output.getvalue())


def test_what_would_be_noise_goes_to_a_file(supervisor, output, tmp_path):
    chatty = Service("chatty", [sys.executable, "-c", "print('hello')"], dict(os.environ), log=tmp_path / "chatty.log")
    supervisor.start(chatty)
    supervisor.watch_until(lambda: "chatty ended" in output.getvalue())
    assert "hello" not in output.getvalue()
    assert (tmp_path / "chatty.log").read_text() == "hello\n"
    assert str(tmp_path / "chatty.log") in output.getvalue()


def test_a_process_that_dies_is_started_again_and_the_others_go_on(supervisor, output):
    supervisor.start(python("steady", FOREVER))
    supervisor.start(python("mortal", f"print('born', flush=True)\n{FOREVER}"))
    steady, first = (supervisor.children[name].process.pid for name in ("steady", "mortal"))
    wait_for(lambda: "born" in output.getvalue())
    os.kill(first, signal.SIGKILL)
    supervisor.watch_until(lambda: output.getvalue().count("born") == 2)
    assert supervisor.children["mortal"].process.pid != first
    assert supervisor.children["steady"].process.pid == steady
    assert "mortal ended (exit code -9); starting it again in 1 s" in output.getvalue()


def test_what_is_done_once_is_not_started_again(supervisor, output):
    supervisor.start(Service("once", [sys.executable, "-c", "print('done', flush=True)"], dict(os.environ), 0, False))
    supervisor.start(python("mortal", "raise SystemExit(3)"))
    supervisor.watch_until(lambda: "once    | done" in output.getvalue() and "again in 2 s" in output.getvalue())
    assert output.getvalue().count("once    | done") == 1


def test_pauses_grow_while_a_process_keeps_dying(supervisor, output):
    supervisor.start(python("broken", "raise SystemExit(3)"))
    supervisor.watch_until(lambda: "again in 4 s" in output.getvalue())
    assert "exit code 3" in output.getvalue()


def test_the_end_takes_grandchildren_in_sessions_of_their_own(supervisor, output):
    supervisor.start(python("worker", PARENT))
    grandchild = pid_said(output)
    supervisor.stop()
    assert not is_running(grandchild)


def test_the_end_takes_orphans_whose_parent_was_killed(supervisor, output):
    supervisor.start(python("worker", PARENT))
    grandchild = pid_said(output)
    os.kill(supervisor.children["worker"].process.pid, signal.SIGKILL)
    supervisor.children["worker"].process.wait()
    assert is_running(grandchild)
    supervisor.stop()
    assert not is_running(grandchild)


def test_the_end_kills_what_does_not_listen(supervisor, output):
    supervisor.start(python("deaf", DEAF))
    wait_for(lambda: "deaf    | deaf" in output.getvalue())
    pid = supervisor.children["deaf"].process.pid
    supervisor.stop(patience_seconds=0.5)
    assert not is_running(pid)


def test_what_ran_before_the_supervisor_is_not_its_to_end(tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=True)
    try:
        Supervisor(Path.cwd(), tmp_path / "sessions.json", io.StringIO()).stop()
        assert is_running(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()


def test_lower_ranks_end_first(supervisor, output):
    farewell = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit()))\n"
    supervisor.start(python("broker", f"{farewell}print('up', flush=True)\n{FOREVER}", rank=2))
    supervisor.start(python("web", f"{farewell}print('up', flush=True)\n{FOREVER}"))
    wait_for(lambda: output.getvalue().count("| up") == 2)
    supervisor.stop()
    wait_for(lambda: output.getvalue().count("| bye") == 2)
    assert output.getvalue().index("web     | bye") < output.getvalue().index("broker  | bye")


def test_what_a_killed_supervisor_left_is_ended_by_the_next_start(supervisor):
    supervisor.start(python("web", FOREVER))
    pid = supervisor.children["web"].process.pid
    assert end_leftovers(supervisor.record) == 1
    assert not is_running(pid)


def test_a_stranger_who_has_an_old_pid_is_left_alone(tmp_path):
    stranger = subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=True)
    try:
        (tmp_path / "sessions.json").write_text(f'{{"{stranger.pid}": 1.0}}')
        assert end_leftovers(tmp_path / "sessions.json") == 0
        assert is_running(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()
