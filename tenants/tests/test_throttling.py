from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from rest_framework.test import APIClient

from tenants.api import throttling
from tenants.api.throttling import MemoryCounters, Window
from tenants.models import Tenant, User
from tenants.rates import Rate
from tenants.roles import Role
from tenants.testing import client_of, join

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tenants.tests.addresses")]
ECHO = "/api/v1/echo"
HOUR = 3600


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begins with nothing counted, in a window that does not end while a test counts in it."""
    throttling.counters.cache_clear()
    monkeypatch.setattr(throttling.time, "time", lambda: 1_000_000 * HOUR + 60.0)
    yield
    throttling.counters.cache_clear()


def statuses(client: APIClient, times: int) -> list[int]:
    return [client.get(ECHO).status_code for _ in range(times)]


def test_a_token_that_calls_too_often_waits(as_alice: APIClient, settings: LazySettings) -> None:
    settings.THROTTLE_TOKEN = Rate(3, HOUR)

    assert statuses(as_alice, 4) == [200, 200, 200, 429]
    answer = as_alice.get(ECHO)

    assert (answer.headers["Content-Type"], answer.json()["type"]) == ("application/problem+json", "urn:hub:throttled")
    assert answer.headers["Retry-After"] == str(HOUR - 60)


def test_tokens_are_counted_apart_and_a_tenant_together(
    as_alice: APIClient, as_bob: APIClient, as_charlie: APIClient, settings: LazySettings
) -> None:
    settings.THROTTLE_TOKEN, settings.THROTTLE_TENANT = Rate(2, HOUR), Rate(5, HOUR)

    assert statuses(as_alice, 3) == [200, 200, 429]
    assert statuses(as_bob, 3) == [200, 200, 429]
    assert statuses(as_charlie, 2) == [200, 200]


def test_a_tenants_calls_are_counted_over_all_its_tokens(acme: Tenant, settings: LazySettings) -> None:
    settings.THROTTLE_TOKEN, settings.THROTTLE_TENANT = None, Rate(3, HOUR)
    clients = [client_of(join(acme, name, Role.VIEWER)) for name in ("one", "two")]

    assert [statuses(client, 2) for client in clients] == [[200, 200], [200, 429]]


def test_a_person_at_the_pages_is_counted_too(alice: User, settings: LazySettings) -> None:
    settings.THROTTLE_TOKEN = Rate(1, HOUR)
    client = APIClient()
    client.force_login(alice)

    assert statuses(client, 2) == [200, 429]


def test_the_next_window_counts_anew(as_alice: APIClient, settings: LazySettings, monkeypatch: Any) -> None:
    settings.THROTTLE_TOKEN = Rate(1, HOUR)
    assert statuses(as_alice, 2) == [200, 429]

    monkeypatch.setattr(throttling.time, "time", lambda: 1_000_001 * HOUR + 1.0)

    assert statuses(as_alice, 1) == [200]


def test_a_redis_that_is_away_limits_nobody_and_is_not_asked_again_at_once(
    as_alice: APIClient, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def away(self: Any, *args: Any, **how: Any) -> Any:
        asked.append(1)
        raise redis.ConnectionError

    monkeypatch.setattr(redis.client.Pipeline, "execute", away)
    settings.BROKER_URL, settings.THROTTLE_TOKEN = "redis://127.0.0.1:9/0", Rate(1, HOUR)

    assert statuses(as_alice, 5) == [200] * 5
    assert len(asked) == 1


def test_what_ended_is_forgotten() -> None:
    counters = MemoryCounters()
    for number in range(1200):
        counters.add([Window(f"key {number}", Rate(1, 1), -1.0)])

    assert len(counters._counts) < 1100


@pytest.mark.parametrize("text", ["many", "0/minute", "5/fortnight", "-1/hour", "5"])
def test_a_rate_that_is_none_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="600/minute"):
        Rate.parse(text)


def test_rates_are_read_as_settings_write_them() -> None:
    assert (Rate.parse("600/minute"), Rate.parse("")) == (Rate(600, 60), None)


def test_a_tenants_own_limit_comes_before_everybodys(
    acme: Tenant, as_alice: APIClient, as_charlie: APIClient, settings: LazySettings
) -> None:
    settings.THROTTLE_TOKEN, settings.THROTTLE_TENANT = None, Rate(1, HOUR)
    Tenant.objects.filter(pk=acme.pk).update(limits={"calls": "3/hour"})

    assert statuses(as_alice, 4) == [200, 200, 200, 429]
    assert statuses(as_charlie, 2) == [200, 429]


@pytest.mark.parametrize("limits", [{"calls": "many"}, {"calls": 5}, {"runs": "5/hour"}, []])
def test_a_limit_that_is_none_is_refused(acme: Tenant, limits: Any) -> None:
    acme.limits = limits
    with pytest.raises(ValidationError) as caught:
        acme.full_clean()
    assert caught.value.message_dict.keys() == {"limits"}
