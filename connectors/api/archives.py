"""Folders as zip archives, in bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from rest_framework.parsers import BaseParser

from connectors.manifest import Broken
from connectors.schemas import FieldError
from tenants.api.parsers import read_limited
from tenants.api.problems import Problem

MEDIA_TYPE = "application/zip"
ARCHIVE = {"type": "string", "format": "binary", "description": "The connector's folder as a zip archive."}


class ZipParser(BaseParser):
    media_type = MEDIA_TYPE

    def parse(  # type: ignore[override]
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> bytes:
        return read_limited(stream)


def problem_of(broken: Broken) -> Problem:
    detail = "The folder is no connector yet; `errors` says of each file what is wrong with it."
    return Problem(400, "broken_folder", detail, errors=_errors(broken))


def _errors(broken: Broken) -> Iterator[FieldError]:
    for problem in broken.problems:
        yield FieldError(f"/{problem.file.replace('/', '~1')}{problem.pointer}", "broken", problem.detail)
