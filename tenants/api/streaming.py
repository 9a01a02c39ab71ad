"""Answers that are sent while they are made: long files piece by piece, and events as they happen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import StreamingHttpResponse

Look = Callable[[], tuple[bytes, float | None]]
"""What there is to send now, and the seconds until the next look; None when nothing more will come."""
LOOKING = ThreadPoolExecutor(max_workers=16, thread_name_prefix="events")


class Streamed(StreamingHttpResponse):
    """Takes a synchronous iterator of pieces and sends each when it is there, under ASGI too.

    Django would collect them all first. A piece is made in whatever thread is free: it must hold no database cursor
    open, and it must enter the tenant itself.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pieces = iter(self)
        while (piece := await sync_to_async(_next, thread_sensitive=False)(pieces)) is not None:
            yield piece


class EventStream(StreamingHttpResponse):
    """Server-sent events. Under ASGI no thread waits between two looks; a look enters the tenant itself."""

    def __init__(self, look: Look) -> None:
        # Proxies that would collect the answer are told not to.
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        super().__init__(_looked(look), content_type="text/event-stream", headers=headers)
        self._look = look

    async def __aiter__(self) -> AsyncIterator[bytes]:
        pause: float | None = 0.0
        while pause is not None:
            await asyncio.sleep(pause)
            piece, pause = await sync_to_async(_once, thread_sensitive=False, executor=LOOKING)(self._look)
            if piece:
                yield self.make_bytes(piece)


def _looked(look: Look) -> Iterator[bytes]:
    pause: float | None = 0.0
    while pause is not None:
        time.sleep(pause)
        piece, pause = look()
        if piece:
            yield piece


def _once(look: Look) -> tuple[bytes, float | None]:
    try:
        return look()
    finally:
        close_old_connections()


def _next(pieces: Iterator[bytes]) -> bytes | None:
    try:
        return next(pieces, None)
    finally:
        close_old_connections()
