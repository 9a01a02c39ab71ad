from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tenants.api.streaming import Streamed


def test_a_piece_is_sent_before_the_next_is_made(db: None) -> None:
    made: list[str] = []

    def pieces() -> Iterator[str]:
        for piece in ("one", "two", "three"):
            made.append(piece)
            yield piece

    async def first() -> bytes:
        async for piece in Streamed(pieces()):
            return piece
        raise AssertionError("nothing came")

    assert asyncio.run(first()) == b"one"
    assert made == ["one"]
