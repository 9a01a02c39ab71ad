import gzip
import json
import os

import pytest

pytestmark = pytest.mark.spark


def evidence(slug):
    return pytest.mark.evidence(slug, "proven", "Apache Spark")


@pytest.fixture
def place(tmp_path):
    """A folder that an administrator has opened, beside one that nobody has."""
    for name in ("open", "shut"):
        (tmp_path / name).mkdir()
    (tmp_path / "shut" / "secret.csv").write_text("id\n7\n")
    return tmp_path / "open"


@pytest.fixture
def ingest(run, place):
    def ingest(*patterns, state=None, **config):
        paths = [pattern if pattern.startswith(("/", "s3")) else f"{place}/{pattern}" for pattern in patterns]
        return run("file_ingest", {"paths": paths, **config}, state=state, roots=[str(place)])

    return ingest


def xml(row):
    return f"<orders><order><id>{row['id']}</id><name>{row['name']}</name></order></orders>"


WRITTEN = {
    "csv": ({"type": "csv", "delimiter": ";"}, lambda row: f"id;name\n{row['id']};{row['name']}\n"),
    "json": ({"type": "json"}, lambda row: json.dumps(row) + "\n"),
    "whole": ({"type": "json", "whole": True}, lambda row: json.dumps([row], indent=2)),
    "xml": ({"type": "xml", "row_tag": "order"}, xml),
}


@evidence("file_ingest")
@pytest.mark.parametrize("kind", WRITTEN)
def test_files_of_any_kind_are_one_dataset(ingest, place, kind):
    form, written = WRITTEN[kind]
    for number, name in enumerate(["Łódź", "b [1]"], 1):
        (place / f"párt {number}.txt").write_text(written({"id": number, "name": name}), encoding="utf-8")
    (place / "_half.txt").write_text("{")

    ended = ingest("*.txt", format=form)

    assert ended.rows("", "id", "name") == [(1, "Łódź"), (2, "b [1]")]
    assert ended.metrics == {"files": 2}


@evidence("file_ingest")
def test_a_file_that_is_named_like_a_pattern_is_refused(ingest, place):
    (place / "a[1].csv").write_text("id\n1\n")

    with pytest.raises(Exception, match="stands for a pattern"):
        ingest("*.csv")


@evidence("file_ingest")
def test_parquet_files_with_other_columns_are_read_together(ingest, place, spark):
    spark.sql("SELECT 1 AS a").write.parquet(str(place / "one"))
    spark.sql("SELECT 2 AS a, 'x' AS b").write.parquet(str(place / "two"))

    ended = ingest("*", format={"type": "parquet"}, file_column="file")

    assert ended.rows("", "a", "b") == [(1, None), (2, "x")]
    assert all("/open/" in row["file"] for row in ended.frame().collect())


@evidence("file_ingest")
def test_only_new_files_are_read_again(ingest, place):
    def put(name, at, text="id\n1\n"):
        (place / name).write_text(text)
        os.utime(place / name, (at, at))

    put("a.csv", 1000)
    first = ingest("*.csv", new_only=True)
    put("b.csv", 1000, "id\n2\n")
    put("c.csv", 2000, "id\n3\n")
    second = ingest("*.csv", new_only=True, state=first.state)
    third = ingest("*.csv", new_only=True, state=second.state)

    assert [ended.metrics["files"] for ended in (first, second, third)] == [1, 2, 0]
    assert second.rows("", "id") == [(2,), (3,)]
    assert third.state == second.state


@evidence("file_ingest")
@pytest.mark.parametrize(
    "pattern",
    [
        "../shut/secret.csv",
        "/etc/passwd",
        "/etc/pass*",
        "*/../../shut/*.csv",
        "link/*.csv",
        "link.csv",
        "s3a://other/x",
    ],
)
def test_nothing_is_read_but_what_is_below_an_opened_folder(ingest, place, pattern):
    (place / "link").symlink_to(place.parent / "shut")
    (place / "link.csv").symlink_to(place.parent / "shut" / "secret.csv")

    with pytest.raises(Exception, match="no place that jobs may read") as refused:
        ingest(pattern)

    assert refused.value.code == "place_not_allowed"


@evidence("file_ingest")
def test_a_pattern_with_braces_finds_no_link_that_leads_out(ingest, place):
    (place / "in").symlink_to(place.parent / "shut")

    with pytest.raises(Exception, match="no place that jobs may read"):
        ingest("{in,out}/secret.csv")


def test_without_an_opened_folder_the_administrator_is_named(run):
    with pytest.raises(Exception, match="no place") as refused:
        run("file_ingest", {"paths": ["/srv/x.csv"]})

    assert refused.value.fix == "Have an administrator set HUB_FILE_ROOTS."


@evidence("file_ingest")
def test_a_pattern_that_matches_nothing_is_a_mistake(ingest):
    with pytest.raises(Exception, match="No file matches"):
        ingest("*.csv")


@evidence("file_ingest")
@pytest.mark.parametrize(("on_bad", "fails"), [("fail", True), ("keep", False)])
def test_a_broken_record_ends_the_run_or_is_kept(ingest, place, on_bad, fails):
    (place / "a.json").write_text('{"id": 1}\n{"id": \n')

    if fails:
        with pytest.raises(Exception, match=r"(?i)malformed"):
            ingest("*.json", format={"type": "json"}, on_bad=on_bad)
    else:
        assert len(ingest("*.json", format={"type": "json"}, on_bad=on_bad).rows("", "id")) == 2


def test_packed_files_are_unpacked(ingest, place):
    with gzip.open(place / "a.csv.gz", "wt") as file:
        file.write("id\n1\n")

    assert ingest("*.gz").rows() == [(1,)]


@pytest.fixture
def events(spark):
    rows = [(1, "2026-01-31T23:59:59Z"), (2, "2026-02-01T00:00:00Z"), (3, "2026-02-01T01:00:00Z"), (4, None)]
    return spark.createDataFrame(rows, "id int, at string")


def partition(run, place, frame, **config):
    return run(
        "partition_by_date",
        {"column": "at", "target": f"{place}/lake", **config},
        roots=[str(place)],
        dataset=frame,
    )


def lake(spark, place, form="parquet"):
    frame = spark.read.option("header", True).format(form).load(f"{place}/lake")
    return sorted((int(row["id"]), str(row["date"])) for row in frame.select("id", "date").collect())


@evidence("partition_by_date")
@pytest.mark.parametrize("form", ["parquet", "csv", "json"])
def test_each_period_has_its_folder(run, spark, place, events, form):
    ended = partition(run, place, events, format=form)

    assert ended.rows() == [("2026-01-31", 1), ("2026-02-01", 2), (None, 1)]
    assert {path.name for path in (place / "lake").iterdir() if path.is_dir()} == {
        *("date=2026-01-31", "date=2026-02-01", "date=__HIVE_DEFAULT_PARTITION__")
    }
    assert lake(spark, place, form) == [(1, "2026-01-31"), (2, "2026-02-01"), (3, "2026-02-01"), (4, "None")]


@evidence("partition_by_date")
@pytest.mark.parametrize(("mode", "kept"), [("replace", [1, 4, 9]), ("append", [1, 2, 3, 4, 9])])
def test_only_periods_with_rows_are_written_again(run, spark, place, events, mode, kept):
    partition(run, place, events)

    partition(run, place, spark.createDataFrame([(9, "2026-02-01T00:00:00Z")], "id int, at string"), mode=mode)

    assert [id for id, _ in lake(spark, place)] == kept


@evidence("partition_by_date")
@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"target": "/tmp/lake"}, "no place"),
        ({"name": "ID"}, "a column ID already"),
        ({"column": "when"}, "no column named"),
    ],
)
def test_what_cannot_be_written_is_refused(run, place, events, config, words):
    with pytest.raises(Exception, match=words):
        partition(run, place, events, **config)
