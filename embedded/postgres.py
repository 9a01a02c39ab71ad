"""Run a command on a PostgreSQL of its own: `python -m embedded.postgres pytest ...` sets DATABASE_URL and cleans up.

The server comes from pgserver's wheel but is started here: PostgreSQL refuses root, and pgserver would then add a
system user and open the folders above the checkout to everyone; this runs it as `nobody` on a copy in /tmp.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_SECONDS = 90


class PostgresError(RuntimeError):
    """PostgreSQL did not start; the message carries the end of its log."""


def binaries() -> Path:
    spec = importlib.util.find_spec("pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("The package pgserver is not installed. Run `make venv`.")
    return Path(spec.origin).parent / "pginstall"


@contextmanager
def running(port: int | None = None) -> Iterator[str]:
    """Yield the DATABASE_URL of a fresh server on a unix socket; stop it and remove its folder at the end.

    With a port it listens on 127.0.0.1 too, where the role `hub` needs its password, `hub`, and that is the URL's.

    The role is a plain one that owns its database, as in production: a superuser would see every tenant's rows.
    """
    # Unix socket paths are short (107 bytes), so the folder is below /tmp whatever TMPDIR says.
    folder = Path(tempfile.mkdtemp(prefix="hub-pg-", dir="/tmp"))
    try:
        server = _start(folder, port)
        try:
            _wait(server, folder)
            _make_plain_role(folder, port)
            yield f"postgres://hub:hub@127.0.0.1:{port}/hub" if port else f"postgres://hub@/{folder}/hub"
        finally:
            _stop(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, port: int | None) -> subprocess.Popen[bytes]:
    install, data = binaries(), folder / "data"
    user: int | None = None
    if os.geteuid() == 0:
        account = pwd.getpwnam("nobody")
        user = account.pw_uid
        install = _copy(install, folder / "copy")
        os.chown(folder, account.pw_uid, account.pw_gid)
    command = [str(install / "bin" / "initdb"), "-D", str(data), "-U", "postgres", "--auth-local=trust", "--no-sync"]
    made = subprocess.run(
        [*command, "--auth-host=scram-sha-256", "--encoding=utf8", "--locale=C.UTF-8"],
        user=user,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise PostgresError(f"initdb failed:\n{made.stdout}\n{made.stderr}")
    # A server that lives for minutes and whose data nobody wants afterwards need not wait for the disk.
    fast = [
        "-c",
        "fsync=off",
        "-c",
        "full_page_writes=off",
        "-c",
        "synchronous_commit=off",
        "-c",
        "max_connections=300",
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [install / "bin" / "postgres", "-D", data, "-k", folder, *_listening(port), *fast],
            user=user,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _listening(port: int | None) -> list[str]:
    return ["-h", "127.0.0.1", "-p", str(port)] if port else ["-h", ""]


def _copy(install: Path, to: Path) -> Path:
    """Copy the programs with the shared libraries that the wheel keeps beside its package (found by relative path)."""
    site = install.parent.parent
    shutil.copytree(site / "pgserver.libs", to / "pgserver.libs")
    return shutil.copytree(install, to / "pgserver" / "pginstall", symlinks=True)


def _wait(server: subprocess.Popen[bytes], folder: Path) -> None:
    status = folder / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if status.exists() and "ready" in status.read_text():
            return
        time.sleep(0.05)
    raise PostgresError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()[-3000:]}")


def _make_plain_role(folder: Path, port: int | None) -> None:
    with psycopg.connect(
        host=str(folder), port=port, user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        # Tests make databases of their own.
        connection.execute("CREATE ROLE hub LOGIN CREATEDB PASSWORD 'hub'")
        connection.execute("CREATE DATABASE hub OWNER hub")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGQUIT)  # immediate: the data is thrown away anyway
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def main(command: list[str]) -> int:
    if not command:
        print("Name the command to run: python -m embedded.postgres pytest", file=sys.stderr)
        return 2
    with running() as url:
        child = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
        # Ctrl-C reaches the child too; it ends by itself, and so does the server after it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
