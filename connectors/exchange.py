"""A connector as its folder: given out as a zip archive, and taken in from one."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import transaction

from connectors import catalog, conformance, folders, jobfiles, uploads
from connectors.manifest import CONNECTOR, LOGO, README, WORKFLOW, Broken, Manifest, Problem
from connectors.models import Connector, SparkJob
from connectors.schemas.lines import LineError, lines

Files = dict[str, bytes]
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_NAMED = (CONNECTOR, WORKFLOW, LOGO, README)


def pack(connector: Connector) -> bytes:
    """The folder as a zip archive: the same bytes as long as the connector is the same. Raises `jobfiles.Damaged`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in sorted(files(connector).items()):
            member = zipfile.ZipInfo(f"{connector.slug}/{path}", _LONG_AGO)
            member.external_attr = 0o644 << 16
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def files(connector: Connector) -> Files:
    """The files of the folder by their path in it. Raises `jobfiles.Damaged`."""
    found = {CONNECTOR: _json(document(connector))}
    found |= {WORKFLOW: _json(connector.template)} if connector.template else {}
    found |= {LOGO: connector.logo.encode()} if connector.logo else {}
    found |= {README: connector.readme.encode()} if connector.readme else {}
    if job := connector.spark_job:
        found |= {_path(entry, job): _content(entry) for entry in (job.entry, *job.py_files) if "://" not in entry}
    return found


def document(connector: Connector) -> dict[str, Any]:
    """What connector.json says."""
    plain = ("slug", "name", "summary", "description", "categories", "type", "version", "docs_url", "schema")
    found = {name: getattr(connector, name) for name in plain}
    if connector.n8n_credentials:
        found["n8n"] = {"credential": connector.n8n_credentials}
    if connector.oauth2:
        found["oauth2"] = connector.oauth2
    if connector.test:
        found["test"] = connector.test
    if job := connector.spark_job:
        found["spark"] = _spark(job)
    return found


def take(archive: bytes) -> Connector:
    """Bring a connector's folder into the catalogue: a new one as a draft, a later version of our own as it stands.

    Raises `Unfit` when it is no archive to open, and `Broken` with everything that is wrong with the folder; then
    nothing of it is kept.
    """
    return _put(uploads.unpack(archive))


def copy(connector: Connector) -> Connector:
    """Make a draft of our own of any connector, under a slug that is free. Raises as `take`."""
    mark = "-" if "-" in connector.slug else "_"
    names = (f"{connector.slug[:90]}{mark}copy{mark if number else ''}{number or ''}" for number in range(1000))
    slug = next(name for name in names if not Connector.objects.filter(slug=name).exists())
    renamed = {**document(connector), "slug": slug, "name": f"{connector.name[:190]} (copy)"}
    return _put({**files(connector), CONNECTOR: _json(renamed)})


def _put(given: Files) -> Connector:
    manifest = _read(given)
    _ours(manifest)
    places = jobfiles.keep({path: io.BytesIO(given[path]) for path in manifest.spark.files}) if manifest.spark else {}
    with transaction.atomic():
        row = _ours(manifest) or Connector(slug=manifest.slug, source=Connector.Source.CUSTOM)
        catalog.put(row, manifest, places)
    return row


def _read(given: Files) -> Manifest:
    with tempfile.TemporaryDirectory() as parent:
        folder = _unpacked(given, Path(parent))
        unfit = list(_unfit(given))
        broken = {problem.file for problem in unfit}
        found = unfit + [problem for problem in conformance.problems(folder) if problem.file not in broken]
        manifest = None if found else folders.read(folder)
    if manifest is None or (found := list(_strangers(given, manifest))):
        raise Broken(found)
    return manifest


def _ours(manifest: Manifest) -> Connector | None:
    """The row that has this slug, if the folder may take its place."""
    row = Connector.objects.filter(slug=manifest.slug).first()
    if row is not None:
        _demand_ours(row, manifest)
    return row


def _demand_ours(row: Connector, manifest: Manifest) -> None:
    if row.source != Connector.Source.CUSTOM:
        taken = f"{row.name} ({row.get_source_display()}) has this slug: choose another one, here and for the folder."
        raise Broken([Problem(CONNECTOR, "/slug", taken)])
    if row.type != manifest.type:
        words = f"This connector runs on {row.type}, and what uses it cannot move: choose another slug."
        raise Broken([Problem(CONNECTOR, "/type", words)])


def _unpacked(given: Files, parent: Path) -> Path:
    """Lay the files into a folder that is called as the connector calls itself."""
    folder = parent / _slug(given.get(CONNECTOR, b""))
    for path, content in given.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def _slug(content: bytes) -> str:
    try:
        slug = json.loads(content)["slug"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "connector"
    is_name = isinstance(slug, str) and slug.isprintable() and len(slug) <= 100 and PurePosixPath(slug).name == slug
    return slug if is_name and slug.isascii() else "connector"


def _unfit(given: Files) -> Iterator[Problem]:
    """What is wrong with single files, whatever connector.json says of them."""
    for path, content in given.items():
        if path in (CONNECTOR, WORKFLOW):
            yield from (
                Problem(path, error.pointer, f"{error.detail} (line {error.line})") for error in _lines(content)
            )
        elif path == README and b"\0" in content:
            yield Problem(path, "", "It holds a character that cannot be stored.")
        elif path.endswith((".py", ".jar", ".sql")):
            try:
                uploads.inspect(PurePosixPath(path).name, io.BytesIO(content))
            except uploads.Unfit as unfit:
                yield Problem(path, "", str(unfit))


def _lines(content: bytes) -> list[LineError]:
    try:
        text = content.decode()
        json.loads(text)
    except (ValueError, RecursionError):
        return []  # the folder's own reader says it better
    return lines(text).errors


def _strangers(given: Files, manifest: Manifest) -> Iterator[Problem]:
    """Files that nothing names would be lost without a word."""
    known = {*_NAMED, *(manifest.spark.files if manifest.spark else ())}
    for path in sorted(given.keys() - known):
        yield Problem(path, "", f"Nothing in {CONNECTOR} names this file: take it out, or name it in spark.py_files.")


def _spark(job: SparkJob) -> dict[str, Any]:
    return {
        "kind": job.kind,
        "entry": _path(job.entry, job),
        "main_class": job.main_class,
        "py_files": [_path(file, job) for file in job.py_files],
        "packages": job.packages,
        "conf": job.conf,
    }


def _path(file: str, job: SparkJob) -> str:
    """The file's path in the folder; a URI stays one."""
    if "://" in file:
        return file
    if jobfiles.is_kept(file):
        return jobfiles.path_in_bundle(file)
    path = PurePosixPath(file)
    # A built-in's path begins with its folder, unless the folders are not those of this checkout.
    return str(path.relative_to(PurePosixPath(job.entry).parent if path.is_absolute() else path.parts[0]))


def _content(file: str) -> bytes:
    if jobfiles.is_kept(file):
        return jobfiles.verify(file).read_bytes()
    return Path(catalog.path_of(file)).read_bytes()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
