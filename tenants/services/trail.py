"""The trail as a file: every event that a filter leaves, the newest first, in pieces."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet

from tenants.models import AuditEvent
from tenants.scope import scope

BATCH = 500
COLUMNS = (
    "id", "at", "actor_id", "actor_name", "via", "address", "request_id",
    "verb", "object_type", "object_id", "object_name", "before", "after",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a cell."""

Row = dict[str, Any]


def ndjson(rows: QuerySet[AuditEvent], tenant_id: UUID) -> Iterator[str]:
    """One JSON object a line; a piece holds some hundred lines."""
    for batch in _batches(rows, tenant_id):
        yield "".join(json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n" for row in batch)


def as_csv(rows: QuerySet[AuditEvent], tenant_id: UUID) -> Iterator[str]:
    """A header and a line per event; `before` and `after` are JSON."""
    yield _lines([dict(zip(COLUMNS, COLUMNS, strict=True))])
    for batch in _batches(rows, tenant_id):
        yield _lines(batch)


def _batches(rows: QuerySet[AuditEvent], tenant_id: UUID) -> Iterator[list[Row]]:
    """Each batch is a query of its own: nothing stays open while a slow reader takes its time."""
    ordered = rows.order_by("-at", "-id").values(*COLUMNS)
    after = Q()
    while True:
        with scope(tenant_id):
            batch = list(ordered.filter(after)[:BATCH])
        if batch:
            yield batch
        if len(batch) < BATCH:
            return
        last = batch[-1]
        after = Q(at__lte=last["at"]) & (Q(at__lt=last["at"]) | Q(id__lt=last["id"]))


def _lines(rows: Iterable[Row]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
