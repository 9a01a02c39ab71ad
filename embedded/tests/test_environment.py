import os
import socket
import stat
from pathlib import Path

import environ
import psycopg
import pytest

from embedded import ports, postgres
from embedded.environment import SOCKET_PATH_LIMIT, hub_environment, note_running, socket_path
from embedded.up import UpError, only_one


@pytest.fixture
def bare(monkeypatch):
    for name in ("SECRET_KEY", "HUB_KEYS", "HUB_BROKER_URL", "N8N_URL"):
        monkeypatch.delenv(name, raising=False)


def test_secrets_are_made_once_and_only_their_owner_reads_them(bare, tmp_path):
    first, second = hub_environment(tmp_path), hub_environment(tmp_path)
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["HUB_KEYS"] == second["HUB_KEYS"]
    assert stat.S_IMODE((tmp_path / "hub.env").stat().st_mode) == 0o600


def test_two_hubs_have_different_secrets(bare, tmp_path):
    (tmp_path / "other").mkdir()
    assert hub_environment(tmp_path)["HUB_KEYS"] != hub_environment(tmp_path / "other")["HUB_KEYS"]


def test_what_the_caller_set_wins(bare, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "mine")
    assert hub_environment(tmp_path)["SECRET_KEY"] == "mine"


def test_commands_by_hand_find_the_running_broker(bare, tmp_path):
    note_running(tmp_path, {"HUB_BROKER_URL": "redis+socket:///a=b"})
    assert hub_environment(tmp_path)["HUB_BROKER_URL"] == "redis+socket:///a=b"


def test_a_long_folder_still_gets_a_socket_the_system_accepts(tmp_path):
    deep = tmp_path / ("x" * 120)
    path = socket_path(deep)
    try:
        assert len(str(path)) <= SOCKET_PATH_LIMIT
    finally:
        path.parent.rmdir()


def test_a_taken_port_is_named_with_what_to_do():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(ports.PortTakenError) as refused:
            ports.demand(port, variable="PORT", purpose="the hub")
    assert f"Port {port}" in str(refused.value)
    assert f"process {os.getpid()}" in str(refused.value)
    assert f"PORT={port + 1}" in str(refused.value)


def test_somebody_elses_port_is_avoided():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        assert ports.first_free(holder.getsockname()[1]) != holder.getsockname()[1]


def test_a_second_hub_in_the_same_folder_is_refused(tmp_path):
    with only_one(tmp_path), pytest.raises(UpError, match=f"process {os.getpid()}"), only_one(tmp_path):
        pass


def test_postgresql_runs_for_a_while_and_leaves_nothing():
    with postgres.running() as url:
        where = environ.Env.db_url_config(url)
        with psycopg.connect(host=where["HOST"], user=where["USER"], dbname=where["NAME"]) as connection:
            assert connection.info.server_version >= 160000
    assert not Path(where["HOST"]).exists()
