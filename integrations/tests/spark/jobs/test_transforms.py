import json

import pytest

pytestmark = pytest.mark.spark


def evidence(slug):
    return pytest.mark.evidence(slug, "proven", "Apache Spark")


@pytest.fixture
def orders(spark):
    rows = [(1, 10, "open", 5.0), (2, 10, "paid", 7.5), (3, 20, "paid", 1.0), (4, None, "lost", None)]
    return spark.createDataFrame(rows, "id int, customer int, state string, amount double")


@pytest.fixture
def customers(spark):
    return spark.createDataFrame([(10, "Ada", 1), (20, "Łódź", 2), (30, "Eve", 3)], "id int, name string, amount int")


KEYS = [{"left": "customer", "right": "id"}]


@evidence("join")
@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("inner", [(1, 10, "Ada"), (2, 10, "Ada"), (3, 20, "Łódź")]),
        ("left", [(1, 10, "Ada"), (2, 10, "Ada"), (3, 20, "Łódź"), (4, None, None)]),
        ("right", [(1, 10, "Ada"), (2, 10, "Ada"), (3, 20, "Łódź"), (None, 30, "Eve")]),
        ("full", [(1, 10, "Ada"), (2, 10, "Ada"), (3, 20, "Łódź"), (4, None, None), (None, 30, "Eve")]),
    ],
)
def test_rows_are_put_together_by_their_keys(run, orders, customers, kind, found):
    ended = run("join", {"keys": KEYS, "kind": kind}, left=orders, right=customers)

    assert ended.rows("", "id", "customer", "name") == found
    assert ended.frame().columns == ["id", "customer", "state", "amount", "name", "amount_right"]
    assert ended.metrics == {"rows_left": 4, "rows_right": 3}


@evidence("join")
@pytest.mark.parametrize(("kind", "found"), [("semi", [1, 2, 3]), ("anti", [4])])
def test_rows_with_a_match_or_without_one_keep_their_own_columns(run, orders, customers, kind, found):
    ended = run("join", {"keys": KEYS, "kind": kind}, left=orders, right=customers)

    assert [id for (id,) in ended.rows("", "id")] == found
    assert ended.frame().columns == orders.columns


@evidence("join")
@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"keys": [{"left": "customer", "right": "city"}]}, "The right dataset has no column named city"),
        ({"keys": [{"left": "city"}]}, "The left dataset has no column named city"),
    ],
)
def test_a_join_by_a_column_that_is_not_there_says_on_which_side(run, orders, customers, config, words):
    with pytest.raises(Exception, match=words):
        run("join", config, left=orders, right=customers)


def test_a_dataset_that_never_had_a_row_can_be_joined(run, spark, job, orders):
    nothing = spark.createDataFrame([], "struct<>")

    join = job("join").join

    assert join(orders, nothing, keys=KEYS, kind="left", suffix="_right").count() == 4
    assert join(orders, nothing, keys=KEYS, kind="inner", suffix="_right").count() == 0
    assert join(nothing, orders, keys=KEYS, kind="full", suffix="_right").count() == 4


@evidence("aggregate")
def test_measures_are_taken_of_each_group(run, orders):
    measures = [
        {"function": "count"},
        {"function": "count", "column": "amount"},
        {"function": "sum", "column": "amount", "name": "revenue"},
        {"function": "values", "column": "state"},
        *({"function": name, "column": "amount"} for name in ("avg", "min", "max", "median", "count_distinct")),
    ]

    ended = run("aggregate", {"group_by": ["customer"], "measures": measures}, dataset=orders)

    assert ended.rows() == [
        (10, 2, 2, 12.5, ["open", "paid"], 6.25, 5.0, 7.5, 6.25, 2),
        (20, 1, 1, 1.0, ["paid"], 1.0, 1.0, 1.0, 1.0, 1),
        (None, 1, 0, None, ["lost"], None, None, None, None, 0),
    ]
    assert ended.metrics == {"rows_read": 4}


@evidence("aggregate")
@pytest.mark.parametrize(
    ("unit", "periods"),
    [
        ("hour", ["2026-01-31 23:00:00", "2026-02-01 00:00:00", None]),
        ("day", ["2026-01-31", "2026-02-01", None]),
        ("week", ["2026-01-26", None]),
        ("month", ["2026-01-01", "2026-02-01", None]),
        ("year", ["2026-01-01", None]),
    ],
)
def test_a_period_is_a_group(run, spark, unit, periods):
    texts = [("2026-01-31T23:59:59Z",), ("2026-02-01 00:00:00",), (None,)]
    measures, period = [{"function": "count"}], {"column": "at", "unit": unit}

    ended = run(
        "aggregate", {"measures": measures, "period": period}, dataset=spark.createDataFrame(texts, "at string")
    )

    found = {row["period"] for row in ended.frame().selectExpr("string(period)").collect()}
    assert found == set(periods)


@evidence("aggregate")
@pytest.mark.parametrize(
    ("measures", "words"),
    [
        ([{"function": "sum"}], "names no column"),
        ([{"function": "count"}, {"function": "sum", "column": "amount", "name": "COUNT"}], "More than one column"),
        ([{"function": "sum", "column": "city"}], "no column named city"),
    ],
)
def test_measures_that_cannot_be_taken_are_refused(run, orders, measures, words):
    with pytest.raises(Exception, match=words):
        run("aggregate", {"measures": measures}, dataset=orders)


RULES = [
    {"type": "not_null", "columns": ["customer"]},
    {"type": "unique", "columns": ["customer"]},
    {"type": "range", "column": "amount", "minimum": 2},
    {"type": "allowed", "column": "state", "values": ["open", "paid"], "name": "known state"},
    {"type": "pattern", "column": "state", "pattern": "[a-z]+"},
    {"type": "compare", "column": "id", "operator": "<=", "other": "amount"},
]


@evidence("data_quality")
def test_rows_that_break_rules_are_set_aside_with_what_they_broke(run, orders):
    ended = run("data_quality", {"rules": RULES}, dataset=orders)

    assert ended.rows("", "id") == []
    assert ended.rows("rejected", "id", "broken_rules") == [
        (1, ["unique(customer)"]),
        (2, ["unique(customer)"]),
        (3, ["range(amount)", "compare(id<=amount)"]),
        (4, ["not_null(customer)", "known state"]),
    ]
    assert ended.metrics["rows_rejected"] == 4
    assert ended.metrics["broken"]["unique(customer)"] == 2


@evidence("data_quality")
def test_rows_that_keep_all_rules_are_handed_on_as_they_were(run, orders):
    ended = run("data_quality", {"rules": [{"type": "not_null", "columns": ["amount"]}]}, dataset=orders)

    assert ended.frame().columns == orders.columns
    assert [id for (id,) in ended.rows("", "id")] == [1, 2, 3]


@evidence("data_quality")
def test_a_run_fails_where_it_is_to_and_says_which_rules_how_many_rows_broke(run, orders):
    rules = [{"type": "not_null", "columns": ["amount"]}, {"type": "row_count", "minimum": 10}]

    with pytest.raises(
        Exception, match=r"1 of 4 rows break rules. not_null\(amount\): 1 rows; row_count\(\)"
    ) as failed:
        run("data_quality", {"rules": rules, "on_failure": "fail"}, dataset=orders)

    assert failed.value.code == "rules_broken"


@evidence("data_quality")
def test_a_share_of_rows_may_break_rules(run, orders):
    rules = [{"type": "not_null", "columns": ["amount"]}]

    ended = run("data_quality", {"rules": rules, "on_failure": "fail", "tolerance": 0.25}, dataset=orders)

    assert ended.metrics["rows_rejected"] == 1


@evidence("data_quality")
def test_rules_about_the_whole_warn(run, spark):
    rules = [{"type": "fresh", "column": "at", "hours": 1}, {"type": "row_count", "maximum": 0}]

    ended = run("data_quality", {"rules": rules}, dataset=spark.createDataFrame([("2020-01-01",)], "at string"))

    assert ended.metrics["warnings"]["row_count()"] == "1 rows, at most 0 are due"
    assert "hours old" in ended.metrics["warnings"]["fresh(at)"]
    assert len(ended.rows()) == 1


@evidence("profile")
def test_each_column_is_described(run, spark):
    rows = [(1, "a", [1]), (2, "bb", None), (3, "a", None), (None, None, None)]
    frame = spark.createDataFrame(rows, "n int, s string, l array<int>")

    ended = run("profile", {"exact": True, "top": 1}, dataset=frame)

    found = {row["column"]: row.asDict() for row in ended.frame().collect()}
    assert list(found) == ["n", "s", "l"]
    numbers = {"nulls": 1, "null_share": 0.25, "distinct": 3, "min": "1", "max": "3", "mean": 2.0, "median": 2.0}
    assert found["n"].items() >= numbers.items()
    assert (found["s"]["min_length"], found["s"]["max_length"], found["s"]["mean"]) == (1, 2, None)
    assert json.loads(found["s"]["top"]) == [{"value": "a", "count": 2}]
    assert (found["l"]["nulls"], found["l"]["distinct"], found["l"]["top"]) == (3, None, None)


@evidence("profile")
def test_a_profile_of_some_columns_and_of_none_at_all(run, spark, job, orders):
    assert [row[0] for row in run("profile", {"columns": ["state"]}, dataset=orders).rows()] == ["state"]
    nothing = spark.createDataFrame([], "struct<>")
    assert job("profile").describe(spark, nothing, columns=[], top=5, is_exact=False).collect() == []


@pytest.fixture
def many(spark):
    return spark.sql("SELECT id, id % 50 AS customer, IF(id % 10 = 0, 'rare', 'common') AS label FROM range(1000)")


def parts(ended, column="id"):
    return {name or "train": {value for (value,) in ended.rows(name, column)} for name in ended.outputs}


@evidence("train_test_split")
def test_a_row_goes_the_same_way_every_time_and_to_one_part(run, many):
    config = {"test_share": 0.2, "validation_share": 0.1}

    first = parts(run("train_test_split", config, dataset=many))
    second = parts(run("train_test_split", config, dataset=many.orderBy("label").repartition(3)))

    assert first == second
    assert sum(map(len, first.values())) == len(set.union(*first.values())) == 1000
    assert 150 < len(first["test"]) < 250 and 60 < len(first["validation"]) < 140


@evidence("train_test_split")
def test_groups_stay_together(run, many):
    found = parts(run("train_test_split", {"by": {"type": "group", "columns": ["customer"]}}, dataset=many), "customer")

    assert not found["train"] & found["test"]


@evidence("train_test_split")
def test_each_class_has_its_share_to_the_row(run, many):
    ended = run("train_test_split", {"by": {"type": "class", "column": "label"}}, dataset=many)

    assert {row["label"]: row["count"] for row in ended.frame("test").groupBy("label").count().collect()} == {
        "rare": 20,
        "common": 180,
    }


@evidence("train_test_split")
def test_the_past_trains_and_the_latest_tests(run, many):
    ended = run("train_test_split", {"by": {"type": "time", "column": "id"}, "test_share": 0.25}, dataset=many)

    assert parts(ended) == {"train": set(range(750)), "test": set(range(750, 1000))}


def test_a_split_that_leaves_nothing_to_train_with_is_refused(run, many):
    with pytest.raises(Exception, match="Nothing is left"):
        run("train_test_split", {"test_share": 0.5, "validation_share": 0.5}, dataset=many)
