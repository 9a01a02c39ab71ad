from __future__ import annotations

import pytest
from django.test import Client

from servicetsunami import health


def test_a_process_that_lives_says_so_without_any_part(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_hub_whose_parts_answer_is_ready(client: Client, db: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, set(answer.json().values())) == (200, {"ok"})


def test_a_part_that_does_not_answer_is_named_with_what_to_do(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OSError("redis://:s3cret@host")

    monkeypatch.setitem(health.CHECKS, "broker", (fail, "Start Redis."))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["broker"]) == (503, "OSError. Start Redis.")
    assert answer.json()["database"] == "ok"
