import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.domain import Output, WriteMode
from integrations.services import storage
from integrations.services.errors import Refused

Rows = list[dict[str, Any]]


def land(
    folder: Path,
    rows: Rows,
    mode: WriteMode = WriteMode.REPLACE,
    keys: tuple[str, ...] = (),
    previous: str | None = None,
) -> storage.Landed:
    path = folder / f"{uuid4()}.ndjson"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    place = {"tenant_id": uuid4(), "dataset_id": uuid4(), "run_id": uuid4()}
    return storage.land(Output(path, "ndjson"), mode=mode, keys=keys, previous=previous, **place)


def read(landed: storage.Landed) -> Rows:
    return storage.preview(landed.uri, limit=100_000)["rows"]


def types(landed: storage.Landed) -> dict[str, str]:
    return {column["name"]: column["type"] for column in landed.schema}


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [{"id": 1, "name": "Ærøskøbing 🛫", "tags": ["a", "b"], "at": {"lat": 1.5, "on": True}}]

    landed = land(tmp_path, rows)

    assert read(landed) == rows
    assert landed.rows == 1 and landed.bytes > 0
    assert types(landed)["at"].startswith("STRUCT")


def test_mixed_types_in_a_column_become_json_and_nothing_is_dropped(tmp_path: Path) -> None:
    rows: Rows = [{"v": 1}, {"v": "two"}, {"v": {"three": 3}}, {"v": [4]}, {"v": None}]

    landed = land(tmp_path, rows)

    assert types(landed) == {"v": "JSON"}
    assert read(landed) == rows


def test_a_column_that_appears_late_is_there(tmp_path: Path) -> None:
    rows: Rows = [{"a": n} for n in range(30_000)] + [{"a": 1, "late": "x"}]

    landed = land(tmp_path, rows)

    assert types(landed) == {"a": "BIGINT", "late": "VARCHAR"}
    assert landed.rows == 30_001
    assert storage.preview(landed.uri, limit=1, offset=30_000)["rows"] == [{"a": 1, "late": "x"}]


def test_odd_column_names_survive(tmp_path: Path) -> None:
    rows: Rows = [{'say "hi"': 1, "a.b": 2, "select": 3, "ключ": 4, "it's": 5}]

    assert read(land(tmp_path, rows)) == rows


def test_names_that_differ_by_case_keep_both_values(tmp_path: Path) -> None:
    [row] = read(land(tmp_path, [{"id": 1, "ID": 2}]))

    assert sorted(row.values()) == [1, 2]


def test_no_rows_are_a_file_without_columns(tmp_path: Path) -> None:
    landed = land(tmp_path, [])

    assert (landed.rows, landed.schema, read(landed)) == (0, [], [])


def test_a_missing_file_is_no_rows(tmp_path: Path) -> None:
    place = {"tenant_id": uuid4(), "dataset_id": uuid4(), "run_id": uuid4()}
    output = Output(tmp_path / "nothing", "ndjson")

    assert storage.land(output, mode=WriteMode.REPLACE, keys=(), previous=None, **place).rows == 0


def test_types_that_spark_cannot_read_become_text(tmp_path: Path) -> None:
    rows: Rows = [{"id": "6d1a2c3e-0000-4000-8000-000000000001", "at": "06:30:00", "on": "2013-01-31", "n": {"id": 1}}]

    landed = land(tmp_path, rows)

    assert types(landed)["id"] == types(landed)["at"] == "VARCHAR"
    assert types(landed)["on"] == "DATE"
    assert read(landed) == rows


def test_a_folder_of_parquet_files_lands_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), folder / "part-0.parquet")
    pq.write_table(pa.table({"a": [3], "b": ["x"]}), folder / "part-1.parquet")
    (folder / "_SUCCESS").touch()

    place = {"tenant_id": uuid4(), "dataset_id": uuid4(), "run_id": uuid4()}
    landed = storage.land(Output(folder, "parquet"), mode=WriteMode.REPLACE, keys=(), previous=None, **place)

    assert read(landed) == [{"a": 1, "b": None}, {"a": 2, "b": None}, {"a": 3, "b": "x"}]


def test_appending_keeps_earlier_rows_and_takes_new_columns(tmp_path: Path) -> None:
    first = land(tmp_path, [{"a": 1}])

    second = land(tmp_path, [{"a": 2, "b": "x"}], WriteMode.APPEND, previous=first.uri)

    assert read(second) == [{"a": 1, "b": None}, {"a": 2, "b": "x"}]


def test_appending_nothing_keeps_what_was_there(tmp_path: Path) -> None:
    first = land(tmp_path, [{"a": 1}])

    assert read(land(tmp_path, [], WriteMode.APPEND, previous=first.uri)) == [{"a": 1}]


def test_appending_to_nothing_is_the_new_rows(tmp_path: Path) -> None:
    first = land(tmp_path, [])

    assert read(land(tmp_path, [{"a": 1}], WriteMode.APPEND, previous=first.uri)) == [{"a": 1}]


def test_a_column_that_changed_its_type_becomes_json(tmp_path: Path) -> None:
    first = land(tmp_path, [{"v": 1}])

    second = land(tmp_path, [{"v": {"x": 2}}], WriteMode.APPEND, previous=first.uri)

    assert read(second) == [{"v": 1}, {"v": {"x": 2}}]


def test_merging_replaces_rows_of_the_same_key_and_the_last_one_counts(tmp_path: Path) -> None:
    first = land(tmp_path, [{"id": 1, "v": "old"}, {"id": 2, "v": "kept"}, {"id": None, "v": "old"}])
    new: Rows = [{"id": 1, "v": "first"}, {"id": 3, "v": "new"}, {"id": 1, "v": "last"}, {"id": None, "v": "none"}]

    merged = land(tmp_path, new, WriteMode.MERGE, keys=("id",), previous=first.uri)

    found = {row["id"]: row["v"] for row in read(merged)}
    assert found == {1: "last", 2: "kept", 3: "new", None: "none"}
    assert merged.rows == 4


def test_merging_on_a_column_that_is_not_there_says_which(tmp_path: Path) -> None:
    first = land(tmp_path, [{"id": 1}])

    with pytest.raises(Refused, match="'key'"):
        land(tmp_path, [{"id": 2}], WriteMode.MERGE, keys=("key",), previous=first.uri)


def test_landing_the_same_run_again_touches_no_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.ndjson"
    path.write_text('{"a": 1}\n')
    place = {"tenant_id": uuid4(), "dataset_id": uuid4(), "run_id": uuid4()}
    first = storage.land(Output(path, "ndjson"), mode=WriteMode.REPLACE, keys=(), previous=None, **place)

    path.unlink()
    late = storage.land(Output(path, "ndjson"), mode=WriteMode.REPLACE, keys=(), previous=None, **place)

    assert (first.rows, late.rows) == (1, 0)
    assert read(first) == [{"a": 1}]
    assert all(file.suffix == ".parquet" for file in storage._local(first.uri).parent.iterdir())
