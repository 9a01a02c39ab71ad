"""Airbyte's published connector specifications: fetched from PyPI once per machine, kept in the cache folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import yaml

PACKAGES = Path(__file__).with_name("airbyte.txt").read_text(encoding="utf-8").split()
_SPEC = re.compile(r"[^/]+/(spec\.(json|ya?ml)|manifest\.yaml)")


def specs() -> dict[str, dict[str, Any]]:
    """{package: its specification}. A package may have a spec of its own, and one in its manifest: the first counts."""
    return {name: _spec(_wheel(name)) for name in PACKAGES}


def fetch() -> None:
    missing = [name for name in PACKAGES if not _wheel(name).exists()]
    if not missing:
        return
    _folder().mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(_folder()), *missing], check=True, timeout=300)


def _folder() -> Path:
    home = os.environ.get("HUB_CACHE_DIR") or Path.home() / ".cache" / "servicetsunami-hub"
    return Path(home) / "airbyte"


def _wheel(name: str) -> Path:
    package, _, version = name.partition("==")
    return _folder() / f"{package.replace('-', '_')}-{version}-py3-none-any.whl"


def _spec(wheel: Path) -> dict[str, Any]:
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(filter(_SPEC.fullmatch, archive.namelist()), key=lambda name: "manifest" in name):
            found = yaml.safe_load(archive.read(name).decode().replace("\t", "  "))
            spec: dict[str, Any] = found.get("spec") if name.endswith("manifest.yaml") else found
            if spec:
                return spec
    raise LookupError(f"{wheel.name} has no specification.")
