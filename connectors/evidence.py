"""What a built-in connector's tests ran against, as the tests themselves wrote it down, and the tier that follows.

`evidence.json` in a connector's folder is written by `make evidence` and by nothing else. It names the tests that
passed and holds a digest of what they ran, so that it says nothing of a folder that was changed since. The tests check
the record in turn: see `connectors.testing`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

EVIDENCE = "evidence.json"
PROVEN, PROTOCOL, UNTESTED = "proven", "protocol", "untested"
KINDS = (PROVEN, PROTOCOL)
"""Proven: against the real server. Protocol: against a stand-in written from the service's public documentation."""
_SAID = ("README.md", "logo.svg", EVIDENCE)
"""What is read and looked at, and not run."""


@dataclass(frozen=True, slots=True, order=True)
class Ran:
    """One test that passed: its file and function, the kind of evidence it is, and what it ran against."""

    test: str
    kind: str
    against: str


def digest(folder: Path) -> str:
    """A checksum of all in the folder that has a say in what the connector does."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in _SAID and "__pycache__" not in path.parts:
            total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def read(folder: Path) -> tuple[Ran, ...]:
    """The tests that passed with the folder as it is now; none where it was changed since, or never tested."""
    record = recorded(folder)
    return _tests(record) if record.get("digest") == digest(folder) else ()


def recorded(folder: Path) -> dict[str, Any]:
    """The record as it lies there, for whatever state of the folder."""
    try:
        found = json.loads((folder / EVIDENCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(folder: Path, ran: Iterable[Ran]) -> None:
    """Make this the record of the folder as it is now; no test that passed is no record."""
    tests = [asdict(each) for each in sorted(set(ran))]
    if not tests:
        (folder / EVIDENCE).unlink(missing_ok=True)
        return
    text = json.dumps({"digest": digest(folder), "tests": tests}, indent=2, ensure_ascii=False)
    (folder / EVIDENCE).write_text(text + "\n", encoding="utf-8")


def tier(ran: Iterable[Ran]) -> str:
    """The best that the tests show."""
    kinds = {each.kind for each in ran}
    return next((kind for kind in KINDS if kind in kinds), UNTESTED)


def summary(ran: Iterable[Ran]) -> list[dict[str, Any]]:
    """`[{kind, against, tests}]`: what was run against and in how many tests, the proven first."""
    counted: dict[tuple[str, str], int] = {}
    for each in ran:
        counted[each.kind, each.against] = counted.get((each.kind, each.against), 0) + 1
    by_kind = sorted(counted.items(), key=lambda item: (KINDS.index(item[0][0]), item[0][1]))
    return [{"kind": kind, "against": against, "tests": number} for (kind, against), number in by_kind]


def _tests(record: dict[str, Any]) -> tuple[Ran, ...]:
    try:
        found = tuple(Ran(**test) for test in record["tests"])
    except (KeyError, TypeError):
        return ()
    return found if all(each.kind in KINDS for each in found) else ()
