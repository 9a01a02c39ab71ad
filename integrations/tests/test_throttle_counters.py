import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from embedded.services import valkey
from tenants.api.throttling import Window, counters
from tenants.rates import Rate

pytestmark = pytest.mark.processes


@pytest.fixture
def broker() -> Iterator[str]:
    # A short path: those of sockets end at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        listen = Path(folder) / "valkey.sock"
        process = subprocess.Popen(valkey(listen).command, stdout=subprocess.DEVNULL)
        try:
            await_answer(listen)
            yield f"redis+socket://{listen}"
        finally:
            process.kill()
            process.wait()
            counters.cache_clear()


def await_answer(listen: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            redis.Redis.from_url(f"unix://{listen}").ping()
        except redis.RedisError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("Valkey does not answer")


def test_calls_of_all_processes_are_counted_together(broker: str) -> None:
    windows = [Window.of(subject, Rate(5, 60), 1234.5) for subject in ("token:a", "tenant:b")]

    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda _: counters(broker).add(windows), range(100)))

    assert sorted(counted) == [[number, number] for number in range(1, 101)]
    kept = redis.Redis.from_url(broker.replace("redis+socket", "unix"))
    assert 0 < kept.ttl(windows[0].key) <= 61
