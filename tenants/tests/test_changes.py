from __future__ import annotations

from tenants.services.changes import HIDDEN, Change, between


def test_what_differs_is_named_by_its_path() -> None:
    before = {"name": "One", "config": {"limit": 10, "path": "/a"}, "gone": "x"}
    after = {"name": "One", "config": {"limit": 20, "path": "/a"}, "tags": ["ä"]}
    assert between(before, after) == [
        Change("config.limit", "10", "20"),
        Change("gone", "x", None),
        Change("tags", None, '["ä"]'),
    ]


def test_a_secret_is_dots_and_a_reference_is_told() -> None:
    after = {"key": {"set": True}, "token": {"set": True, "reference": "env://TOKEN"}}
    assert between(None, after) == [Change("key", None, HIDDEN), Change("token", None, "env://TOKEN")]


def test_a_long_value_is_cut() -> None:
    [change] = between(None, {"text": "x" * 5000})
    assert change.became is not None
    assert (len(change.became), change.became[-1]) == (300, "…")
