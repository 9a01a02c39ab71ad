"""What the embedded hub keeps between starts and gives its processes: settings, folders and the broker's socket."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOCKET_PATH_LIMIT = 100
"""Unix socket paths end at 107 bytes; some of them are for the server itself."""


def var_dir() -> Path:
    folder = Path(os.environ.get("HUB_VAR_DIR") or ROOT / "var").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def hub_environment(var: Path) -> dict[str, str]:
    """The environment of the hub's own processes: what the caller set wins over what the embedded hub chose.

    var/hub.env holds its secrets, made once; var/running.env what the last start found out (broker, n8n).
    """
    chosen = {
        "HUB_VAR_DIR": str(var),
        "HUB_STATIC_DIR": str(var / "static"),
        "HUB_SECURE_COOKIES": "false",  # plain http on the loopback
        "HUB_LOG_FORMAT": "console",
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc keeps arenas per thread and core; two hold the memory of idle threads down
    }
    if not (var / "hub.env").exists():
        write_private(var / "hub.env", _fresh_secrets())
    return {**chosen, **_read(var / "hub.env"), **_read(var / "running.env"), **os.environ}


def note_running(var: Path, settings: Mapping[str, str]) -> None:
    """Keep what this start found out, so that `embedded.manage` talks to the same broker and n8n."""
    write_private(var / "running.env", "".join(f"{name}={value}\n" for name, value in settings.items()))


def socket_path(var: Path) -> Path:
    """Where Valkey listens: below var/, or in a private folder of /tmp when that path is too long."""
    path = var / "valkey" / "valkey.sock"
    if len(str(path)) > SOCKET_PATH_LIMIT:
        mark = hashlib.sha256(str(var).encode()).hexdigest()[:12]
        path = Path("/tmp") / f"hub-{os.getuid()}-{mark}" / "valkey.sock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(temporary).replace(path)


def _read(path: Path) -> dict[str, str]:
    text = path.read_text() if path.exists() else ""
    lines = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in lines}


def _fresh_secrets() -> str:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return (
        "# Made once by the first start. Keep a copy somewhere safe: without HUB_KEYS no stored credential opens.\n"
        f"SECRET_KEY={secrets.token_urlsafe(48)}\n"
        f"HUB_KEYS=first={key}\n"
    )
