from pathlib import Path
from typing import Any

from integrations.services import storage
from integrations.tests.test_storage import Rows, land


def profiled(folder: Path, rows: Rows) -> dict[str, Any]:
    landed = land(folder, rows)
    return {column["name"]: column for column in storage.profile(landed.uri, landed.rows)}


def test_a_column_of_numbers_is_described(tmp_path: Path) -> None:
    column = profiled(tmp_path, [{"n": n % 100} for n in range(1000)] + [{"n": None}])["n"]

    assert (column["kind"], column["nulls"], column["distinct"], column["is_estimate"]) == ("number", 1, 100, False)
    assert (column["min"], column["max"], column["null_share"]) == (0, 99, round(1 / 1001, 6))
    assert (len(column["histogram"]), sum(step["count"] for step in column["histogram"])) == (12, 1000)
    assert (column["histogram"][0]["low"], column["histogram"][-1]["high"]) == (0, 99)


def test_the_steps_of_a_histogram_meet(tmp_path: Path) -> None:
    steps = profiled(tmp_path, [{"n": n / 7} for n in range(50)])["n"]["histogram"]

    assert [step["high"] for step in steps[:-1]] == [step["low"] for step in steps[1:]]


def test_extremes_of_doubles_are_drawn_too(tmp_path: Path) -> None:
    column = profiled(tmp_path, [{"n": n} for n in (-1.7e308, 0.5, 1.7e308)])["n"]

    assert sum(step["count"] for step in column["histogram"]) == 3


def test_one_value_is_one_step(tmp_path: Path) -> None:
    assert profiled(tmp_path, [{"n": 7}] * 3)["n"]["histogram"] == [{"low": 7, "high": 7, "count": 3}]


def test_a_time_is_spelled_and_drawn_in_seconds(tmp_path: Path) -> None:
    rows: Rows = [{"at": f"2026-01-0{day}T00:00:00Z", "on": f"2026-01-0{day}"} for day in (1, 3)]

    found = profiled(tmp_path, rows)

    assert (found["at"]["min"], found["on"]["max"]) == ("2026-01-01T00:00:00Z", "2026-01-03")
    assert found["at"]["histogram"][0]["low"] == 1767225600


def test_frequent_texts_are_named_and_unique_ones_are_not(tmp_path: Path) -> None:
    rows: Rows = [{"word": "ja" if n % 3 else "neïn", "id": f"id {n}"} for n in range(30)]

    found = profiled(tmp_path, rows)

    assert found["word"]["values"] == [{"value": "ja", "count": 20}, {"value": "neïn", "count": 10}]
    assert (found["id"]["values"], found["id"]["min"], found["id"]["distinct"]) == ([], "id 0", 30)


def test_what_is_nested_mixed_or_null_is_tolerated(tmp_path: Path) -> None:
    rows: Rows = [{"o": {"a": [1, {"b": 2}]}, "l": [1], "m": 1, "z": None, "b": True}, {"o": None, "l": [1], "m": "x"}]

    found = profiled(tmp_path, rows)

    assert {name: column["kind"] for name, column in found.items() if name != "z"} == {
        "o": "nested", "l": "nested", "m": "nested", "b": "boolean",
    }  # fmt: skip
    assert (found["o"]["nulls"], found["l"]["distinct"], found["m"]["distinct"], found["z"]["nulls"]) == (1, 1, 2, 2)
    assert found["o"]["min"] is None and found["b"]["values"] == [{"value": True, "count": 1}]


def test_many_columns_with_odd_names_are_described(tmp_path: Path) -> None:
    names = ['a "quoted" name', "select", "naïve", *(f"c{n}" for n in range(120))]

    found = profiled(tmp_path, [dict.fromkeys(names, 1)])

    assert [column["min"] for column in found.values()] == [1] * 123


def test_no_rows_are_no_error(tmp_path: Path) -> None:
    assert profiled(tmp_path, []) == profiled(tmp_path, [{}]) == {}
