import json
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.domain import Output, WriteMode
from integrations.services import storage
from integrations.services.errors import Refused
from integrations.services.landing import tidying

Rows = list[dict[str, Any]]


def land_lines(folder: Path, lines: list[str | bytes], mode: str = "replace", **options: Any) -> storage.Landed:
    path = folder / f"{uuid4()}.ndjson"
    path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
    place = {"tenant_id": uuid4(), "dataset_id": uuid4(), "run_id": uuid4()}
    values: dict[str, Any] = {"keys": [], "previous": None, **place, **options}
    return storage.land(Output(path, "ndjson"), mode=WriteMode(mode), **values)


def land(folder: Path, rows: list[Any], mode: str = "replace", **options: Any) -> storage.Landed:
    return land_lines(folder, [json.dumps(row) for row in rows], mode, **options)


def read(landed: storage.Landed) -> Rows:
    rows: Rows = storage.preview(landed.uri, 100_000)["rows"]
    return rows


def types(landed: storage.Landed) -> dict[str, str]:
    return {column["name"]: column["type"] for column in landed.schema}


# Numbers


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ([1, -1], "BIGINT"),
        ([{"x": -1}], "STRUCT(x BIGINT)"),
        ([{"x": -1}, {"x": 2**64}], "JSON"),
        ([1, 2**63 - 1, -(2**63)], "BIGINT"),
        ([2**64 - 1, -1], "JSON"),
        ([2**64, 1], "JSON"),
        ([10**40, None], "JSON"),
        ([2**53 + 1, 0.5], "JSON"),
        ([2**53 + 1, {"x": 0.5}, {"x": 2**70 + 1}], "JSON"),
        ([1, 0.5], "DOUBLE"),
    ],
)
def test_numbers_keep_every_digit(tmp_path: Path, numbers: list[Any], kind: str) -> None:
    landed = land(tmp_path, [{"v": number} for number in numbers])

    assert types(landed) == {"v": kind}
    assert [row["v"] for row in read(landed)] == numbers


def test_large_integers_inside_objects_keep_every_digit_too(tmp_path: Path) -> None:
    rows = [{"o": {"id": 2**53 + 1, "x": [2**70]}}, {"o": {"id": 0.5, "x": []}}]

    assert read(land(tmp_path, rows)) == rows


def test_coordinates_of_many_digits_stay_numbers(tmp_path: Path) -> None:
    landed = land(tmp_path, [{"lat": 48.858370000000004}, {"lat": 2.2944810000000002}])

    assert types(landed) == {"lat": "DOUBLE"}


# Texts


@pytest.mark.parametrize(
    "text",
    [
        "13-01-02",
        "01/02/2013",
        "06:30",
        "6D1A2C3E-0000-4000-8000-000000000001",
        "2013-01-01T05:00:00+02:00",
        "2013-01-01T05:00:00.123456789Z",
        "00123",
        "1e5",
        "true",
        "null",
        "NaN",
        '{"x": 1}',
        "a\x00b",
        "",
    ],
)
def test_texts_are_not_taken_for_something_else(tmp_path: Path, text: str) -> None:
    landed = land(tmp_path, [{"v": text, "in": {"v": text}, "all": [text]}])

    assert types(landed)["v"] == "VARCHAR"
    assert read(landed) == [{"v": text, "in": {"v": text}, "all": [text]}]


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("2013-01-31", "DATE", "2013-01-31"),
        ("2013-01-01 05:00:00", "TIMESTAMP", "2013-01-01T05:00:00"),
        ("2013-01-01T05:00:00.500Z", "TIMESTAMP WITH TIME ZONE", "2013-01-01T05:00:00.500000Z"),
        ("2013-01-01T05:00:00Z", "TIMESTAMP WITH TIME ZONE", "2013-01-01T05:00:00Z"),
    ],
)
def test_dates_and_times_in_iso_8601_become_what_they_are(tmp_path: Path, text: str, kind: str, shown: str) -> None:
    landed = land(tmp_path, [{"at": text}, {"at": None}])

    assert types(landed) == {"at": kind}
    assert read(landed) == [{"at": shown}, {"at": None}]


def test_one_text_that_is_no_date_keeps_the_whole_column_as_text(tmp_path: Path) -> None:
    rows = [{"at": "2013-01-31"}, {"at": "soon"}]

    assert read(land(tmp_path, rows)) == rows


# Awkward files


def test_keys_that_differ_by_case_are_columns_of_their_own(tmp_path: Path) -> None:
    landed = land(tmp_path, [{"id": 1, "ID": 2, "o": {"a": 1}}, {"Id": "x", "o": {"A": 2}}])

    assert list(types(landed)) == ["id", "ID_1", "o", "Id_2"]
    assert [row["o"] for row in read(landed)] == [{"a": 1}, {"A": 2}]
    assert [row["Id_2"] for row in read(landed)] == [None, "x"]


def test_a_numbered_key_beside_its_stem_is_nothing_special(tmp_path: Path) -> None:
    landed = land(tmp_path, [{"line": "a", "line_1": "b"}])

    assert read(landed) == [{"line": "a", "line_1": "b"}]


def test_of_a_key_given_twice_the_last_value_counts(tmp_path: Path) -> None:
    assert read(land_lines(tmp_path, ['{"a": 1, "a": 2}'])) == [{"a": 2}]


def test_rows_without_any_value_are_counted(tmp_path: Path) -> None:
    landed = land(tmp_path, [{}, {}])

    assert (landed.rows, landed.schema, read(landed)) == (2, [], [{}, {}])


def test_rows_that_are_no_objects_are_kept_as_values(tmp_path: Path) -> None:
    assert read(land(tmp_path, [1, "x", [2], None])) == [{"value": 1}, {"value": "x"}, {"value": [2]}, {"value": None}]


def test_a_key_without_a_name_and_one_of_our_own_survive(tmp_path: Path) -> None:
    [row] = read(land(tmp_path, [{"": 1, "_": 2, "_no_columns": 3}]))

    assert sorted(row.values()) == [1, 2, 3]


def test_a_byte_order_mark_blank_lines_and_broken_unicode_do_no_harm(tmp_path: Path) -> None:
    lines = [b'\xef\xbb\xbf{"a": "x"}', b"", b"  ", b'{"a": "\\ud800"}', b'{"a": "\xff"}', b'{"a": "\xc3\xa9"}']

    assert [row["a"] for row in read(land_lines(tmp_path, lines))] == ["x", "?", "\ufffd", "é"]


def test_a_row_of_twenty_megabytes_lands(tmp_path: Path) -> None:
    landed = land(tmp_path, [{"a": "x" * 20_000_000}, {"a": "y"}])

    assert landed.rows == 2
    assert len(read(landed)[0]["a"]) == 20_000_000


def test_objects_with_data_as_keys_stay_one_column(tmp_path: Path) -> None:
    rows = [{"m": {f"k{n}": n}} for n in range(2_000)]

    landed = land(tmp_path, rows)

    assert types(landed) == {"m": "JSON"}
    assert read(landed) == rows


def test_rows_with_very_many_keys_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="different keys"):
        land(tmp_path, [{f"k{n}": n} for n in range(tidying.MOST_COLUMNS + 1)])


@pytest.mark.parametrize("line", ['{"a": 1', "<html>", '{"a": 1} {"a": 2}', "[" * 100_000])
def test_a_line_that_is_no_json_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    with pytest.raises(Refused, match=r"^Line 2 of the rows cannot be read as JSON\.$"):
        land_lines(tmp_path, ['{"a": 1}', line])


def test_a_failed_landing_leaves_nothing_behind(tmp_path: Path) -> None:
    place = {"tenant_id": uuid4(), "dataset_id": uuid4()}

    with pytest.raises(Refused):
        land_lines(tmp_path, ["<html>"], **place)

    folder = storage.root() / str(place["tenant_id"]) / str(place["dataset_id"])
    assert list(folder.iterdir()) == []


# Earlier rows


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ([1], [0.5], "DOUBLE"),
        ([2**53 + 1], [0.5], "JSON"),
        ([None], [7], "BIGINT"),
        ([7], [None], "BIGINT"),
        (["2013-01-31"], ["soon"], "VARCHAR"),
        (["2013-01-01T05:00:00Z"], ["soon"], "VARCHAR"),
        (["2013-01-01T05:00:00Z"], [1], "JSON"),
        ([{"a": 1}], [{"b": "x"}], "STRUCT(a BIGINT, b VARCHAR)"),
        ([[{"a": 1}]], [[{"b": "x"}]], "STRUCT(a BIGINT, b VARCHAR)[]"),
        ([{"a": 1}], [{"a": "x"}], "JSON"),
        ([{"a": 1}], [{"A": 2}], "JSON"),
        (["x"], [[1]], "JSON"),
        ([True], ["x"], "JSON"),
        ([2**64 - 1], [1], "JSON"),
    ],
)
def test_a_column_whose_type_changes_keeps_all_values(tmp_path: Path, old: Any, new: Any, kind: str) -> None:
    first = land(tmp_path, [{"v": value} for value in old])

    second = land(tmp_path, [{"v": value} for value in new], "append", previous=first.uri)

    assert types(second) == {"v": kind}
    assert [bare(row["v"]) for row in read(second)] == [bare(value) for value in old + new]


def bare(value: Any) -> Any:
    """The value without what is null in it: a missing field and a null one are the same in a column of objects."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value


def test_names_that_changed_their_case_are_the_same_column(tmp_path: Path) -> None:
    first = land(tmp_path, [{"Id": 1, "v": "old"}])

    second = land(tmp_path, [{"ID": 1, "v": "new"}], "merge", keys=["id"], previous=first.uri)

    assert read(second) == [{"Id": 1, "v": "new"}]


def test_merging_works_from_the_first_version_on(tmp_path: Path) -> None:
    landed = land(tmp_path, [{"id": 1, "v": "first"}, {"id": 1, "v": "last"}], "merge", keys=["id"])

    assert read(landed) == [{"id": 1, "v": "last"}]


def test_merging_on_several_keys_compares_values_not_spellings(tmp_path: Path) -> None:
    first = land(tmp_path, [{"a": 1, "b": "x", "v": 1}, {"a": 1, "b": "y", "v": 2}])

    second = land(tmp_path, [{"a": 1.0, "b": "x", "v": 3}, {"a": 2.5, "b": "x", "v": 4}], "merge",
                  keys=["a", "b"], previous=first.uri)  # fmt: skip

    assert sorted((row["a"], row["b"], row["v"]) for row in read(second)) == [
        (1.0, "x", 3),
        (1.0, "y", 2),
        (2.5, "x", 4),
    ]


def test_merging_on_a_key_that_earlier_rows_lack_keeps_them(tmp_path: Path) -> None:
    first = land(tmp_path, [{"v": 1}])

    second = land(tmp_path, [{"id": 1, "v": 2}], "merge", keys=["id"], previous=first.uri)

    assert second.rows == 2


def test_merging_nothing_asks_for_no_key(tmp_path: Path) -> None:
    first = land(tmp_path, [{"id": 1}])

    assert read(land(tmp_path, [], "merge", keys=["id"], previous=first.uri)) == [{"id": 1}]


def test_odd_names_can_be_merge_keys(tmp_path: Path) -> None:
    name = 'the "id".x'
    first = land(tmp_path, [{name: 1, "v": 1}])

    assert read(land(tmp_path, [{name: 1, "v": 2}], "merge", keys=[name], previous=first.uri)) == [{name: 1, "v": 2}]


# Parquet


def test_what_spark_typed_stays_typed(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    table = pa.table(
        {
            "n": pa.array([1], pa.int32()),
            "price": pa.array([1], pa.decimal128(10, 2)),
            "on": pa.array([1], pa.date32()),
            "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
        }
    )
    pq.write_table(table, folder / "part-0.parquet")
    place = {"tenant_id": uuid4(), "dataset_id": uuid4(), "run_id": uuid4()}

    landed = storage.land(Output(folder, "parquet"), mode=WriteMode.REPLACE, keys=[], previous=None, **place)

    assert types(landed) == {"n": "INTEGER", "price": "DECIMAL(10,2)", "on": "DATE", "m": "MAP(VARCHAR, BIGINT)"}
    assert read(landed) == [{"n": 1, "price": 1.0, "on": "1970-01-02", "m": {"k": 1}}]


def test_parquet_without_a_row_keeps_its_columns(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), folder / "part-0.parquet")
    place = {"tenant_id": uuid4(), "dataset_id": uuid4(), "run_id": uuid4()}

    landed = storage.land(Output(folder, "parquet"), mode=WriteMode.REPLACE, keys=[], previous=None, **place)

    assert (landed.rows, types(landed)) == (0, {"a": "BIGINT"})


# All together


def test_a_month_of_flights_lands_as_it_is(tmp_path: Path) -> None:
    rows = [
        {"flight": n, "carrier": "UA", "dep_delay": n / 2 if n % 50 else None, "time_hour": "2013-01-01T05:00:00Z"}
        for n in range(27_004)
    ]

    landed = land(tmp_path, rows)

    assert types(landed) == {
        "flight": "BIGINT",
        "carrier": "VARCHAR",
        "dep_delay": "DOUBLE",
        "time_hour": "TIMESTAMP WITH TIME ZONE",
    }
    assert read(landed) == rows


def test_threads_land_side_by_side(tmp_path: Path) -> None:
    landed: dict[int, storage.Landed] = {}

    def work(number: int) -> None:
        landed[number] = land(tmp_path, [{"n": number}] * 100)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(100)

    assert {number: read(file)[0] for number, file in landed.items()} == {number: {"n": number} for number in range(8)}


def test_a_landed_file_is_plain_parquet_for_anyone(tmp_path: Path) -> None:
    landed = land(tmp_path, [{"a": 1, "when": "2013-01-01T05:00:00Z", "v": [1, "x"]}])

    table = pq.read_table(storage._local(landed.uri))
    [row] = duckdb.connect().read_parquet(str(storage._local(landed.uri))).fetchall()

    assert table.num_rows == 1
    assert str(table.schema.field("when").type) == "timestamp[us, tz=UTC]"
    assert row[0] == 1


names = st.sampled_from(["a", "A", "b c", 'q"', "x.y", "é", "", "a_1", "it's"])
numbers = st.integers(-(10**25), 10**25) | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(max_size=6)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "X", "y z", ""]), inner, max_size=3)
    ),
    max_leaves=6,
)


def comparable(row: dict[str, Any]) -> list[str]:
    """The row's values whatever their columns are called: odd names may have been numbered."""
    return sorted(json.dumps(spelled(bare(value)), sort_keys=True) for value in row.values() if value is not None)


def spelled(value: Any) -> Any:
    """One spelling for numbers that are equal."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    return [spelled(item) for item in value] if isinstance(value, list) else value


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(rows=st.lists(st.dictionaries(names, values, max_size=4), max_size=5))
def test_every_value_of_every_row_comes_back(tmp_path: Path, rows: Rows) -> None:
    landed = land(tmp_path, rows)

    assert landed.rows == len(rows)
    assert [comparable(row) for row in read(landed)] == [comparable(row) for row in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(old=st.lists(st.dictionaries(st.sampled_from("ab"), values, max_size=2), max_size=3),
       new=st.lists(st.dictionaries(st.sampled_from("ab"), values, max_size=2), max_size=3))  # fmt: skip
def test_appending_loses_no_value_of_either_side(tmp_path: Path, old: Rows, new: Rows) -> None:
    landed = land(tmp_path, new, "append", previous=land(tmp_path, old).uri)

    assert [comparable(row) for row in read(landed)] == [comparable(row) for row in old + new]
