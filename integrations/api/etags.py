"""ETag and If-Match: the state of a row that an editor saw, so that nobody overwrites what they did not see.

A tag changes with every edit, and only then: a run that ends between reading and writing is in nobody's way.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that was read. When somebody changed the object since, nothing is done and 412 is answered.",
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=True, description="The state of the object, for If-Match."
)


def headers(updated_at: datetime) -> dict[str, str]:
    # No cache may answer for us: what runs did to an object is not in its tag.
    return {"ETag": tag(updated_at), "Cache-Control": "private, no-cache"}


def tag(updated_at: datetime) -> str:
    return f'"{(updated_at - EPOCH) // MICROSECOND:x}"'


def seen(request: Request) -> frozenset[datetime] | None:
    """The states that If-Match names; None when it names none or any. A weak tag or an odd one matches nothing."""
    given = request.headers.get("If-Match")
    if given is None or given.strip() == "*":
        return None
    found = (_moment(value) for weak, value in TAG.findall(given) if not weak)
    return frozenset(moment for moment in found if moment is not None)


def _moment(value: str) -> datetime | None:
    try:
        return EPOCH + int(value, 16) * MICROSECOND
    except (ValueError, OverflowError):
        return None
