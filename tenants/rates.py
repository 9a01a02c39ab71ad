"""Rates, as settings write them."""

from __future__ import annotations

from dataclasses import dataclass

PERIODS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so many seconds."""

    calls: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate | None:
        """Read such as 600/minute; None for an empty text: no limit. Raises ValueError in words."""
        if not text:
            return None
        calls, _, period = text.partition("/")
        if not calls.isdigit() or int(calls) < 1 or period not in PERIODS:
            raise ValueError(f"{text!r} is no rate. Give such as 600/minute; the periods are {', '.join(PERIODS)}.")
        return cls(int(calls), PERIODS[period])
