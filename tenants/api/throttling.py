"""How many calls a token, and a tenant, may make: more are answered 429, and when to come back."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Protocol

import redis
import structlog
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.api.access import NoAccess, access_of
from tenants.models import ApiToken
from tenants.rates import Rate

if TYPE_CHECKING:
    # DRF's views read the settings that name this module.
    from rest_framework.views import APIView

log = structlog.get_logger(__name__)

REDIS_SECONDS = 0.25
REST_SECONDS = 5.0
"""A Redis that does not answer is not asked again for so long: calls shall not wait for it one by one."""


@dataclass(frozen=True, slots=True)
class Window:
    """A counter of this moment: it ends with its period, and the next one has another key."""

    key: str
    rate: Rate
    left: float

    @classmethod
    def of(cls, subject: str, rate: Rate, now: float) -> Window:
        number, passed = divmod(now, rate.seconds)
        return cls(f"hub:throttle:{subject}:{int(number)}", rate, rate.seconds - passed)


class Counters(Protocol):
    def add(self, windows: Sequence[Window]) -> list[int]:
        """Count one call in each window; return what each has counted."""
        ...


class MemoryCounters:
    """Counts in this process: for a hub without Redis."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def add(self, windows: Sequence[Window]) -> list[int]:
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            for window in windows:
                count, ends = self._counts.get(window.key, (0, now + window.left))
                self._counts[window.key] = (count + 1, ends)
            return [self._counts[window.key][0] for window in windows]

    def _forget(self, now: float) -> None:
        if len(self._counts) > 1000:
            self._counts = {key: kept for key, kept in self._counts.items() if kept[1] > now}


class RedisCounters:
    """Counts for all web processes, in one exchange. A Redis that is away limits nobody."""

    def __init__(self, url: str) -> None:
        timeouts = {"socket_timeout": REDIS_SECONDS, "socket_connect_timeout": REDIS_SECONDS}
        self._redis = redis.Redis.from_url(url, **timeouts)
        self._rests_until = 0.0

    def add(self, windows: Sequence[Window]) -> list[int]:
        if time.monotonic() < self._rests_until:
            return [0] * len(windows)
        try:
            pipe = self._redis.pipeline(transaction=False)
            for window in windows:
                pipe.incr(window.key)
                pipe.expire(window.key, window.rate.seconds + 1)
            return [int(count) for count in pipe.execute()[::2]]
        except redis.RedisError as error:
            log.warning("throttle_unavailable", reason=type(error).__name__)
            self._rests_until = time.monotonic() + REST_SECONDS
            return [0] * len(windows)


@cache
def counters(broker: str) -> Counters:
    if broker.startswith(("redis://", "rediss://", "redis+socket://", "unix://")):
        return RedisCounters(broker.replace("redis+socket://", "unix://"))
    return MemoryCounters()


class Throttle(BaseThrottle):
    """Limits who calls (a token, or a person at a page) and, together, everybody of the tenant."""

    def __init__(self) -> None:
        self._wait: float | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        windows = self._windows(request, time.time())
        counts = counters(settings.BROKER_URL).add(windows) if windows else []
        over = [window.left for window, count in zip(windows, counts, strict=True) if count > window.rate.calls]
        self._wait = max(over, default=None)
        return not over

    def wait(self) -> float | None:
        return self._wait

    def _windows(self, request: Request, now: float) -> list[Window]:
        try:
            access = access_of(request)
        except NoAccess:
            return []
        caller = f"token:{request.auth.pk}" if isinstance(request.auth, ApiToken) else f"user:{access.user.pk}"
        limits = {caller: settings.THROTTLE_TOKEN, f"tenant:{access.tenant_id}": access.calls}
        return [Window.of(subject, rate, now) for subject, rate in limits.items() if rate]
