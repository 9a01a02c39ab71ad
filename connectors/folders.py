"""Reads connectors from their folders."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from connectors.manifest import CONNECTOR, LOGO, README, WORKFLOW, Broken, Manifest, Problem, build

_ENDINGS = {"python": (".py",), "sql": (".sql",), "jar": (".jar",)}


def find(root: Path) -> list[Path]:
    """The connectors' folders in `root`, by name. Empty ones and those that start with . or _ are none."""
    if not root.is_dir():
        raise Broken([Problem(root.name, "", f"There is no folder {root}.")])
    return sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] not in "._" and _has_files(path))


def read(folder: Path) -> Manifest:
    """The connector in a folder. Raises `Broken`."""
    if not folder.is_dir():
        raise Broken([Problem(folder.name, "", f"There is no folder {folder}.")])
    manifest = build(
        _json(folder / CONNECTOR),
        folder=folder.resolve().name,
        template=_json(folder / WORKFLOW) if (folder / WORKFLOW).exists() else None,
        logo=_text(folder / LOGO) if (folder / LOGO).exists() else "",
        readme=_text(folder / README) if (folder / README).exists() else "",
    )
    if found := _missing(folder, manifest):
        raise Broken(found)
    return manifest


def _has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.iterdir())


def _missing(folder: Path, manifest: Manifest) -> list[Problem]:
    if manifest.spark is None:
        return []
    found = []
    for file in manifest.spark.files:
        parts = PurePosixPath(file)
        if parts.is_absolute() or ".." in parts.parts:
            found.append(Problem(CONNECTOR, "/spark", f"{file} leads out of the folder: name a file in it, or a URI."))
        elif not (folder / file).is_file():
            found.append(Problem(CONNECTOR, "/spark", f"There is no file {file} in the folder."))
    if not manifest.spark.entry.endswith(_ENDINGS[manifest.spark.kind]):
        ending = _ENDINGS[manifest.spark.kind][0]
        found.append(Problem(CONNECTOR, "/spark/entry", f"A {manifest.spark.kind} job's entry ends in {ending}."))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Broken([Problem(path.name, "", "It is not UTF-8 text: save it as UTF-8.")]) from error
    except OSError as error:
        raise Broken([Problem(path.name, "", f"It cannot be read: {error.strerror}.")]) from error


def _json(path: Path) -> Any:
    if not path.exists():
        raise Broken([Problem(path.name, "", "It is missing: each connector's folder has one.")])
    try:
        return json.loads(_text(path), object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Broken([Problem(path.name, "", f"It is not JSON: {error.msg} in {where}.")]) from error
    except _Twice as error:
        raise Broken([Problem(path.name, "", f"{error} Keep one.")]) from error
    except RecursionError as error:
        raise Broken([Problem(path.name, "", "It is nested too deeply.")]) from error


class _Twice(ValueError):
    """A key is given twice: JSON would silently take the last one."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(f'The key "{key}" is given twice in one object.')
        found[key] = value
    return found
