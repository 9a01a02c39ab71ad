from __future__ import annotations

import pytest
from rest_framework.test import APIClient

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tenants.tests.addresses")]


def sent(client: APIClient, value: str) -> tuple[int, str]:
    body = '{"name": "a", "more": %s}' % value  # noqa: UP031 - the braces are JSON's
    answer = client.post("/api/v1/echo", body, content_type="application/json")
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("[" * 101 + "]" * 101, "nested too deeply"),
        ('{"a":' * 101 + "1" + "}" * 101, "nested too deeply"),
        ("[" * 500_000, "nested too deeply"),
        ("[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ("[" + "[]," * 600_000 + "[]]", "more than 20,000 values"),
        ("{" + ",".join(f'"{at}": 1' for at in range(10_001)) + "}", "more than 20,000 values"),
        ("9" * 101, "more than 100 digits"),
        ("9" * 2_000_000, "more than 100 digits"),
        ('{"' + "k" * 1001 + '": 1}', "longer than 1,000 characters"),
        ("NaN", "not a JSON value"),
        ("Infinity", "not a JSON value"),
        ('"\\ud800"', "not text"),
        ('{"\\u0000": 1}', "NUL"),
    ],
    ids=lambda value: value[:20],
)
def test_a_bomb_is_refused_in_words(as_alice: APIClient, value: str, words: str) -> None:
    status, answer = sent(as_alice, value)
    assert status == 400
    assert words in answer
    assert len(answer) < 1000


@pytest.mark.parametrize(
    "value",
    [
        "[" * 90 + "]" * 90,
        "[" + "1," * 19_000 + "1]",
        "9" * 100,
        "1e300",
        '{"' + "k" * 1000 + '": 1}',
        '"\\ud83d\\ude00"',
    ],
    ids=lambda value: value[:20],
)
def test_what_is_only_large_is_read(as_alice: APIClient, value: str) -> None:
    assert sent(as_alice, value)[0] == 200


def test_a_body_of_more_than_the_limit_is_not_read_to_its_end(as_alice: APIClient) -> None:
    assert sent(as_alice, '"' + "x" * 3_000_000 + '"')[0] == 413
