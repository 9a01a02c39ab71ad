"""Rows that a run's work pushes to the hub page by page, because they are too many to hand over at its end."""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from connectors.schemas import FieldError
from integrations.domain import ACTIVE, Output, Push
from integrations.models import Run
from integrations.services import storage
from integrations.services.errors import Invalid

PREFIX = "hubrun_"
MOST_PAGES = 1_000_000
FOLDER = "pushed"


def of(run: Run) -> Push | None:
    """Where the work of this attempt may push, and the token it needs; None when no engine could reach the hub."""
    if not settings.URL:
        return None
    return Push(f"{settings.URL.rstrip('/')}/api/v1/runs/{run.pk}/rows", _token(run))


def verify(run_id: UUID, token: str) -> Run | None:
    """The run whose present attempt the token was made for, as long as that has not ended."""
    run: Run | None = Run.everywhere.filter(pk=run_id, state__in=ACTIVE).first()
    return run if run and constant_time_compare(_token(run), token) else None


def keep(*, run: Run, page: int, body: bytes) -> int:
    """Keep a page of NDJSON and return its rows. The same page again replaces the earlier one: pushes are repeated."""
    count = sum(1 for _ in _lines(body))
    path = _folder(run) / f"{page:06}.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    part.write_bytes(body if body.endswith(b"\n") or not body else body + b"\n")
    part.replace(path)
    return count


def collected(run: Run, given: Output | None, workspace: Path) -> Output | None:
    """The rows of this attempt: what was pushed, in the order of the pages, else what the engine gave."""
    found = sorted(_folder(run).glob("[0-9]*.ndjson"))
    if not found:
        return given
    workspace.mkdir(parents=True, exist_ok=True)
    path = workspace / "pushed.ndjson"
    with path.open("wb") as whole:
        for page in found:
            with page.open("rb") as file:
                shutil.copyfileobj(file, whole)
    return Output(path, "ndjson")


def pages(run: Run) -> int:
    """How many pages of this attempt wait for its end."""
    return sum(1 for _ in _folder(run).glob("[0-9]*.ndjson"))


def discard(run: Run) -> None:
    """Drop the pages of all attempts: they have landed, or never will."""
    shutil.rmtree(_folder(run).parent, ignore_errors=True)


def _folder(run: Run) -> Path:
    return storage.root() / FOLDER / str(run.pk) / str(run.attempt)


def _token(run: Run) -> str:
    return PREFIX + salted_hmac("integrations.pushing", f"{run.pk}.{run.attempt}", algorithm="sha256").hexdigest()


def _lines(body: bytes) -> Iterator[bytes]:
    for number, line in enumerate(body.split(b"\n"), 1):
        if line.strip():
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                detail = "This line is not JSON. Push one row a line."
                raise Invalid([FieldError(f"/{number}", "not_json", detail)]) from None
            yield line
