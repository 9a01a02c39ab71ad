import json
import math
import uuid

import pytest
from pyspark.errors import ParseException

from integrations.domain import Output, WriteMode
from integrations.services import storage

pytestmark = pytest.mark.spark


def evidence(slug):
    return pytest.mark.evidence(slug, "proven", "Apache Spark")


PEOPLE = [(1, "Ada", 3), (1, "Ada L.", 7), (2, "Bob", None), (2, "Bobby", 1), (None, "x", 1), (None, "y", 2)]


@pytest.fixture
def people(spark):
    return spark.createDataFrame(PEOPLE, "id int, name string, at int")


def names(frame):
    return sorted(row["name"] for row in frame.collect())


@evidence("deduplicate")
@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ({"order": "at"}, ["Ada", "Bobby", "x"]),
        ({"order": "at", "keep": "last"}, ["Ada L.", "Bobby", "y"]),
        ({"order": "at", "direction": "descending"}, ["Ada L.", "Bobby", "y"]),
        ({"order": "at", "direction": "descending", "keep": "last"}, ["Ada", "Bobby", "x"]),
    ],
)
def test_one_row_of_each_key_stays_and_one_without_an_order_is_never_preferred(job, people, chosen, kept):
    assert names(job("deduplicate").deduplicate(people, keys=["id"], **chosen)) == kept


@evidence("deduplicate")
def test_without_an_order_the_same_row_stays_however_the_rows_are_laid_out(job, people):
    deduplicate = job("deduplicate").deduplicate

    first = deduplicate(people, keys=["id"]).collect()
    second = deduplicate(people.orderBy("name").repartition(3), keys=["id"]).collect()

    assert sorted(map(str, first)) == sorted(map(str, second))
    assert len(first) == 3


@evidence("deduplicate")
def test_columns_of_any_name_and_shape_can_be_deduplicated(job, spark):
    frame = spark.sql(
        "SELECT map('k', 1) AS m, array(map('k', 1)) AS am, 1 AS `a.b c` UNION ALL SELECT map('k', 1), null, 1"
    )

    assert job("deduplicate").deduplicate(frame, keys=["a.b c"]).count() == 1


@evidence("deduplicate")
def test_a_key_that_is_no_column_is_refused_with_those_there_are(job, people):
    with pytest.raises(Exception, match="no column named city") as refused:
        job("deduplicate").deduplicate(people, keys=["id", "city"])

    assert refused.value.fix == "It has these columns: id, name, at."


def test_a_dataset_that_never_had_a_row_has_no_duplicates(job, spark):
    nothing = spark.createDataFrame([], "struct<>")

    assert job("deduplicate").deduplicate(nothing, keys=["id"]).collect() == []


@evidence("sql_transform")
def test_a_query_joins_datasets_by_their_names(job, spark, people):
    ages = spark.createDataFrame([(1, 36)], "id int, age int")
    query = "SELECT p.name, a.age FROM people p JOIN ages a ON a.id = p.id WHERE p.at = 3 ;\n"

    answer = job("sql_transform").transform(spark, {"people": people, "ages": ages}, query)

    assert [tuple(row) for row in answer.collect()] == [("Ada", 36)]


def test_two_columns_of_one_name_are_refused_with_what_to_do(job, spark):
    with pytest.raises(Exception, match="more than one column named ID") as refused:
        job("sql_transform").transform(spark, {}, "SELECT 1 AS id, 2 AS ID")

    assert "AS a_id" in refused.value.fix


@pytest.fixture
def planted(tmp_path):
    (tmp_path / "planted.txt").write_text("planted")
    return tmp_path / "planted.txt"


JAVA = "reflect('java.lang.System', 'getProperty', 'user.home')"


@evidence("sql_transform")
@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM text.`{file}`",
        "SELECT * FROM csv.`file://{file}`",
        "SELECT (SELECT max(value) FROM text.`{file}`)",
        "WITH x AS (SELECT * FROM text.`{file}`) SELECT * FROM x",
        "SELECT * FROM IDENTIFIER('text.`{file}`')",
        "TABLE text.`{file}`",
        "CREATE TEMPORARY VIEW seen USING text OPTIONS (path '{file}')",
        "INSERT OVERWRITE DIRECTORY '{file}.d' USING csv SELECT 1",
        "EXECUTE IMMEDIATE 'SELECT * FROM text.`{file}`'",
        "BEGIN CREATE TEMPORARY VIEW seen USING text OPTIONS (path '{file}'); SELECT * FROM seen; END",
        "ADD FILE '{file}'",
        "SET spark.sql.runSQLOnFiles=true",
        "SELECT TRANSFORM (id) USING 'cat {file}' AS (a string) FROM people",
        "FROM people MAP id USING 'cat {file}' AS (a string)",
        "SELECT * FROM people WHERE name IN (SELECT TRANSFORM (id) USING 'cat {file}' AS (a string) FROM people)",
        *(f"SELECT {JAVA}", f"SELECT builtin.{JAVA}", f"SELECT system.builtin.try_{JAVA}"),
        *(f"SELECT transform(array(1), x -> {JAVA})", f"FROM people |> EXTEND {JAVA} AS a"),
        "SELECT IDENTIFIER('java_method')('java.lang.System', 'getProperty', 'user.home')",
        f"SELECT exists(SELECT {JAVA})",
        f"SELECT * FROM people ORDER BY {JAVA}",
    ],
)
def test_a_query_sees_nothing_but_its_inputs(job, spark, people, planted, query):
    with pytest.raises(Exception, match=r"statement|may not use|TABLE_OR_VIEW_NOT_FOUND"):
        job("sql_transform").transform(spark, {"people": people}, query.format(file=planted)).collect()

    assert not planted.with_suffix(".txt.d").exists()
    assert spark.conf.get("spark.sql.runSQLOnFiles") == "false"


def test_a_query_learns_nothing_of_the_machine(job, spark):
    answer = job("sql_transform").transform(spark, {}, "SELECT '${env:HOME} ${system:user.home}' AS a")

    assert answer.collect()[0]["a"] == "${env:HOME} ${system:user.home}"


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT 1 +", "SELECT ("])
def test_what_is_wrong_with_a_query_is_said_by_spark(job, spark, query):
    with pytest.raises(ParseException) as wrong:
        job("sql_transform").transform(spark, {}, query)

    assert wrong.value.getCondition() == "PARSE_SYNTAX_ERROR"


@evidence("sql_transform")
@pytest.mark.parametrize(
    "query",
    [
        "WITH x AS (SELECT max(id) AS id FROM people) SELECT p.name FROM people p JOIN x USING (id)",
        "SELECT name FROM people WHERE id IN (SELECT id FROM people WHERE at = 1)",
        "SELECT name, row_number() OVER (PARTITION BY id ORDER BY at) AS n FROM people",
        "SELECT explode(sequence(1, 3)) AS n UNION ALL VALUES (4)",
        "FROM people |> AGGREGATE count(*) AS n GROUP BY id",
        "SELECT 'TRANSFORM (a) USING reflect(x)' AS a, 'SET x=1; DROP TABLE y' AS b",
    ],
)
def test_every_usual_query_is_answered(job, spark, people, query):
    assert job("sql_transform").transform(spark, {"people": people}, query).collect()


@evidence("pi_estimate")
def test_pi_comes_out_near_pi_and_the_same_every_time(job, spark):
    estimate = job("pi_estimate").estimate

    first = estimate(spark, samples=200_000, partitions=2, seed=7).first()
    second = estimate(spark, samples=200_000, partitions=2, seed=7).first()

    assert first == second
    assert first["samples"] == 200_000
    assert first["pi"] == pytest.approx(math.pi, abs=0.05)
    assert first["error"] == pytest.approx(abs(first["pi"] - math.pi))


@pytest.mark.parametrize(
    "value",
    [
        "6f1c1b9e-8e0b-4d5c-9a55-0d2a3a5a1111",
        "12:30:00",
        "2024-01-01",
        "2024-01-01T10:00:00Z",
        "2024-01-01 10:00:00",
        12345678901234567890123,
        1.5,
        True,
        None,
        {},
        [],
        {"a": [{"b": 1}]},
        [1, "a", {"b": None}],
        "äöü \u0000 \U0001f600",
    ],
    ids=str,
)
def test_whatever_lands_is_read_by_spark(spark, settings, tmp_path, value):
    settings.STORAGE_URL = (tmp_path / "data").as_uri()
    rows = tmp_path / "rows.ndjson"
    rows.write_text(json.dumps({"id": 1, "value": value}) + "\n")
    ids = {name: uuid.uuid4() for name in ("tenant_id", "dataset_id", "run_id")}

    landed = storage.land(Output(rows, "ndjson"), **ids, mode=WriteMode.REPLACE, keys=[], previous=None)

    [row] = spark.read.format(landed.format).load(landed.uri).collect()
    assert row["id"] == 1
    assert (row["value"] is None) == (value is None)
