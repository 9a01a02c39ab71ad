"""What the pages are made of: Tabler's style and icons from npm, and all static files collected for serving.

`python -m embedded.assets` installs the packages; the hub's start collects the files.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from embedded.environment import ROOT
from embedded.n8n.installation import InstallError, default_cache, install_node, npm, one_at_a_time

PACKAGES = ROOT / "node_modules"


def install() -> Path:
    """Return the folder of npm's packages, installed as package-lock.json says; Node is made when there is none."""
    stamp, wanted = PACKAGES / ".installed", _digest([ROOT / "package-lock.json"])
    if stamp.exists() and stamp.read_text() == wanted:
        return PACKAGES
    cache = default_cache()
    cache.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(cache / "n8n.lock"):
        install_node(cache)
    npm(cache, "the pages' style and icons from npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], ROOT)
    stamp.write_text(wanted)
    return PACKAGES


def is_collected(folder: Path, sources: list[Path]) -> bool:
    """Tell whether the folder holds what was collected from these files as they are now."""
    stamp = folder / ".collected"
    return stamp.exists() and stamp.read_text() == _state(sources)


def note_collected(folder: Path, sources: list[Path]) -> None:
    (folder / ".collected").write_text(_state(sources))


def _state(sources: list[Path]) -> str:
    return hashlib.sha256("\n".join(_lines(sources)).encode()).hexdigest()


def _lines(sources: list[Path]) -> Iterator[str]:
    for source in sorted(sources):
        found = source.stat()
        yield f"{source} {found.st_size} {found.st_mtime_ns}"


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def main() -> int:
    try:
        install()
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
