"""Start n8n, wait until it takes webhooks, and end it with everything it started."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import requests

from embedded.n8n.account import Account
from embedded.n8n.installation import N8n

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS")
# What n8n may see of the hub's environment: never the hub's own secrets.
INHERITED = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "NODE_EXTRA_CA_CERTS",
)

# What is not public and not among those that n8n refuses by default.
ALSO_REFUSED = (
    *("100.64.0.0/10", "168.63.129.16/32", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("::/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10"),
    "ff00::/8",
)

# They call home, or write rows for every execution that nobody reads here.
UNUSED_MODULES = "insights,community-packages,chat-hub,mcp,mcp-registry,instance-ai,quick-connect,workflow-builder"


class StartError(Exception):
    """n8n did not come up; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Where one n8n keeps its data and listens. Its encryption key is made and kept in `folder` by n8n itself."""

    folder: Path
    port: int = 5678
    broker_port: int = 0
    """Port of n8n's task broker; 0 takes a free one."""
    expression_engine: str = "legacy"
    """`legacy` is 4-6 times quicker, right where only the operator writes workflows; `vm` isolates expressions."""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(slots=True)
class Server:
    """A running n8n."""

    setup: Setup
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return self.setup.url

    def stop(self, patience_seconds: float = 35) -> None:
        """Ask n8n to end, which waits for running executions, then kill whatever is left of its session."""
        if self.process.poll() is None and patience_seconds:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience_seconds)
        kill_session(self.process.pid)
        self.process.wait()

    def kill(self) -> None:
        self.stop(patience_seconds=0)


def kill_session(leader: int) -> None:
    """Kill every process of a session until none but zombies is left: one may fork while it dies."""
    while alive := [process for process in psutil.process_iter() if in_session(process, leader)]:
        for process in alive:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        time.sleep(0.05)


def in_session(process: psutil.Process, leader: int) -> bool:
    try:
        return os.getsid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False


def environment(setup: Setup) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        "NODE_ENV": "production",
        "N8N_HOST": "127.0.0.1",
        "N8N_PORT": str(setup.port),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_PROTOCOL": "http",
        "N8N_SECURE_COOKIE": "false",
        "N8N_USER_FOLDER": str(setup.folder.absolute()),
        "N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS": "true",
        "N8N_RUNNERS_BROKER_PORT": str(setup.broker_port or free_port()),
        "N8N_EXPRESSION_ENGINE": setup.expression_engine,
        # No sandbox for what holds no expression, such as nearly every credential.
        "N8N_EXPRESSION_ENGINE_LAZY_ACQUIRE": "true",
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "N8N_TEMPLATES_ENABLED": "false",
        "N8N_PERSONALIZATION_ENABLED": "false",
        "N8N_COMMUNITY_PACKAGES_ENABLED": "false",
        "N8N_UNVERIFIED_PACKAGES_ENABLED": "false",
        "N8N_DISABLED_MODULES": UNUSED_MODULES,
        # Above 100 MB n8n would keep an execution's data to itself.
        "EXECUTIONS_DATA_MAX_DISPLAY_SIZE": "0",
        "N8N_LOG_LEVEL": "warn",
        **outbound(os.environ.get("HUB_OUTBOUND_ALLOW", "")),
        **Account.owner(setup.folder).as_owner(),
        **setup.extra,
    }


def outbound(allowed: str) -> dict[str, str]:
    """Have n8n refuse what the hub refuses: it looks names up itself, and what they lead to may change meanwhile."""
    return {
        "N8N_SSRF_PROTECTION_ENABLED": "true",
        "N8N_SSRF_BLOCKED_IP_RANGES": ",".join(("default", *ALSO_REFUSED)),
        "N8N_SSRF_ALLOWED_IP_RANGES": allowed,
    }


def free_port() -> int:
    """Find a free port below those the kernel hands to outgoing connections, so that none takes it meanwhile."""
    while True:
        port = random.randint(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def start(n8n: N8n, setup: Setup, log: Path | None = None) -> Server:
    """Start n8n in a session of its own; `wait_until_ready` tells when it can be used."""
    require_free(setup.port)
    setup.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    log = log or setup.folder / "n8n.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*n8n.command, "start"],
            env=environment(setup),
            cwd=setup.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Server(setup=setup, process=process, log=log)


def serve(n8n: N8n, setup: Setup) -> None:
    """Become n8n: for a process manager, whose signals then reach n8n itself."""
    require_free(setup.port)
    setup.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.chdir(setup.folder)
    os.execve(n8n.node, [*n8n.command, "start"], environment(setup))


def require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise StartError(
                f"Port {port} on 127.0.0.1 is taken, so n8n cannot listen there. "
                "Stop what uses it, or choose another port."
            ) from None


def wait_until_ready(url: str, seconds: float = 120, is_alive: Callable[[], bool] = lambda: True) -> None:
    """Return once n8n's webhooks are registered; a first boot takes 12-24 s, more on a busy machine."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_ready(url):
            return
        if not is_alive():
            raise StartError(f"n8n at {url} ended while it started. Its log says why.")
        time.sleep(0.1)
    raise StartError(f"n8n at {url} was not ready after {seconds:.0f} s. Its log says why.")


def is_ready(url: str) -> bool:
    try:
        answer = requests.get(f"{url}/healthz/readiness", timeout=10)
    except requests.RequestException:
        return False
    # In its first moments n8n answers 200 with plain text on every path.
    return answer.status_code == 200 and "json" in answer.headers.get("Content-Type", "")
