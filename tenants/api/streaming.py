"""Answers that are sent while they are made, so that their size costs no memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import StreamingHttpResponse


class Streamed(StreamingHttpResponse):
    """Takes a synchronous iterator of pieces and sends each when it is there, under ASGI too.

    Django would collect them all first. A piece is made in whatever thread is free: it must hold no database cursor
    open, and it must enter the tenant itself.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = iter(self)
        while (piece := await sync_to_async(_next, thread_sensitive=False)(pieces)) is not None:
            yield piece


def _next(pieces: Iterator[bytes]) -> bytes | None:
    try:
        return next(pieces, None)
    finally:
        close_old_connections()
