from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import bcrypt
import pytest

from embedded.n8n import InstallError, Setup, StartError, install, installation, start
from embedded.n8n.account import Account
from embedded.n8n.server import environment, free_port, kill_session


def pretend_installed(cache: Path) -> None:
    node = installation.node_home(cache) / "bin" / "node"
    for path in (node, installation.marker(cache)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_what_is_installed_is_not_installed_again(tmp_path, capsys):
    pretend_installed(tmp_path)
    assert install(tmp_path).script == tmp_path / "n8n-2.41.1" / "node_modules/n8n/bin/n8n"
    assert capsys.readouterr().out == ""


def test_a_second_installation_waits_for_the_first_and_finds_its_work(tmp_path, capsys):
    with installation.one_at_a_time(tmp_path / "n8n.lock"):
        waiting = threading.Thread(target=install, args=[tmp_path])
        waiting.start()
        pretend_installed(tmp_path)
    waiting.join(60)
    assert not waiting.is_alive()
    assert "Installing" not in capsys.readouterr().out


def test_a_step_that_fails_shows_its_output_and_what_to_do():
    command = [sys.executable, "-c", "print('no such package'); raise SystemExit(3)"]
    with pytest.raises(InstallError, match=r"exit code 3\)(?s:.*)no such package(?s:.*)Check the network"):
        installation.run("it", command, fix="Check the network.")


def test_a_missing_compiler_is_named(monkeypatch):
    monkeypatch.setattr(installation, "BUILD_TOOLS", ("gcc", "no-such-tool"))
    with pytest.raises(InstallError, match="no-such-tool is missing"):
        installation.require_build_tools()


def test_n8n_sees_no_secret_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.setenv("HUB_KEYS", "s3cret")
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    owner = Account.owner(tmp_path)
    told = environment(Setup(tmp_path, 1234))
    assert "s3cret" not in told.values()
    assert owner.password not in told.values()
    assert bcrypt.checkpw(owner.password.encode(), told["N8N_INSTANCE_OWNER_PASSWORD_HASH"].encode())


def test_accounts_are_made_once_and_kept_private(tmp_path):
    assert Account.owner(tmp_path) == Account.owner(tmp_path)
    assert Account.owner(tmp_path) != Account.hub(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert Account.owner(tmp_path).password not in repr(Account.owner(tmp_path))


def test_a_taken_port_is_named(tmp_path):
    pretend_installed(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {port} on 127.0.0.1 is taken"):
            start(install(tmp_path), Setup(tmp_path, port))


def test_a_free_port_can_be_bound():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", free_port()))


def test_a_session_is_killed_with_its_children():
    script = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); print(1)"
    )
    command = [sys.executable, "-c", f"{script}; sys.stdout.flush(); import time; time.sleep(600)"]
    leader = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
    assert leader.stdout is not None
    leader.stdout.readline()
    kill_session(leader.pid)
    # The pipe closes only when the child that inherited it is gone too.
    assert leader.stdout.read() == b""
    leader.stdout.close()
    leader.wait()
