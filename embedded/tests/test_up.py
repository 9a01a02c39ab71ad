import json
import os
import signal
import stat
import urllib.request

import psutil
import pytest

from embedded.n8n.server import free_port
from embedded.tests.running import Program

pytestmark = pytest.mark.processes


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def hub(tmp_path, port):
    program = Program("embedded.up", tmp_path, PORT=str(port), HUB_N8N="off")
    yield program
    program.kill()


def answer(port, path="readyz"):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as response:
            return response.status
    except OSError:
        return None


def leader_of(program, word):
    """The process of that command, None while there is none: one that is ending has no command any more."""
    return next((p for p in program.below() if word in command(p) and p.pid == session(p)), None)


def command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def session(process):
    try:
        return os.getsid(process.pid)
    except ProcessLookupError:
        return None


def all_gone(processes):
    return all(is_gone(process) for process in processes)


def is_gone(process):
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_the_hub_serves_mends_itself_and_leaves_nothing_behind(hub, port, tmp_path):
    hub.wait_for(lambda: "sign in as" in hub.output)
    assert answer(port) == 200
    login = tmp_path / "login.json"
    assert json.loads(login.read_text())["email"] == "admin@example.com"
    assert stat.S_IMODE(login.stat().st_mode) == 0o600

    first = leader_of(hub, "embedded.worker")
    first.kill()
    hub.wait_for(lambda: "worker ended" in hub.output and leader_of(hub, "embedded.worker"))
    assert leader_of(hub, "embedded.worker").pid != first.pid

    everything = hub.below()
    hub.process.send_signal(signal.SIGINT)
    assert hub.process.wait(60) == 0
    assert all_gone(everything)
    assert answer(port) is None


def test_a_second_start_ends_what_a_killed_one_left(hub, port, tmp_path):
    hub.wait_for(lambda: "sign in as" in hub.output)
    left = hub.below()
    hub.process.kill()
    hub.process.wait()
    again = Program("embedded.up", tmp_path, PORT=str(port), HUB_N8N="off")
    try:
        again.wait_for(lambda: "sign in as" in again.output)
        assert "earlier start had left running" in again.output
        assert all_gone([p for p in left if p.pid != again.process.pid])
    finally:
        again.process.terminate()
        assert again.process.wait(60) == 0


def test_an_n8n_key_is_no_condition_for_a_start(tmp_path, port):
    hub = Program("embedded.up", tmp_path, PORT=str(port), N8N_URL="http://127.0.0.1:9")
    try:
        hub.wait_for(lambda: "sign in as" in hub.output)
        assert answer(port) == 200
    finally:
        hub.process.terminate()
        assert hub.process.wait(60) == 0
