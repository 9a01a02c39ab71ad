import pytest

from connectors import catalog
from connectors.models import Connector
from integrations.engines.spark.engine import opened
from integrations.engines.spark.process import end
from integrations.models import Dataset, DatasetVersion, Run, RunInput
from integrations.services import logs, storage
from integrations.testing import follow

pytestmark = [pytest.mark.spark, pytest.mark.django_db, pytest.mark.usefixtures("bells", "one_core")]
EVIDENCE = ("proven", "Apache Spark")
FLIGHTS = [{"carrier": "AA", "delay": 10}, {"carrier": "AA", "delay": 20}, {"carrier": "DL", "delay": None}]


def query_of(dataset, query):
    return {"inputs": [{"name": "flights", "dataset": dataset}], "query": query}


@pytest.fixture
def one_core(settings):
    settings.SPARK_MASTER = "local[1]"
    settings.SPARK_CONF = {}


@pytest.fixture
def transform(make_run, make_integration):
    """Return a function that runs a query, or another built-in, over landed flights through the hub."""

    def run(query="", slug="sql_transform", **config) -> Run:
        landed = follow(make_run({"rows": FLIGHTS}))
        dataset = str(Dataset.everywhere.get(integration=landed.integration).pk)
        catalog.sync()
        connector = Connector.objects.get(slug=slug)
        config = {"dataset": dataset, **config} if config else query_of(dataset, query)
        return follow(make_run(config, connector=connector), seconds=110)

    yield run
    for handle in Run.everywhere.exclude(handle=None).values_list("handle", flat=True):
        if "pid" in handle:
            assert end(opened(handle)[0], patience_seconds=0)


@pytest.mark.evidence("sql_transform", *EVIDENCE)
def test_a_landed_dataset_is_queried_on_spark_and_the_answer_lands(transform):
    run = transform("SELECT carrier, avg(delay) AS delay FROM flights GROUP BY carrier ORDER BY carrier")

    assert (run.state, run.rows) == ("succeeded", 2), run.failure
    answer = storage.preview(DatasetVersion.everywhere.get(run=run).uri, 10)
    assert answer["rows"] == [{"carrier": "AA", "delay": 15.0}, {"carrier": "DL", "delay": None}]
    assert RunInput.everywhere.get(run=run).name == "flights"


def test_a_query_that_names_a_column_wrongly_fails_with_the_place_and_the_log(transform):
    run = transform("SELECT carrier,\n  dellay\nFROM flights")

    assert run.state == "failed"
    assert run.failure["message"].endswith("(line 2, column 3 of the query)")
    assert "`delay`" in run.failure["fix"]
    assert any("UNRESOLVED_COLUMN" in line for line in logs.page(run).lines)


@pytest.mark.evidence("data_quality", *EVIDENCE)
def test_rows_that_break_rules_land_in_a_dataset_of_their_own(transform):
    run = transform(slug="data_quality", rules=[{"type": "not_null", "columns": ["delay"]}])

    assert (run.state, run.rows) == ("succeeded", 2), run.failure
    rejected = DatasetVersion.everywhere.get(run=run, dataset__name="rejected")
    [row] = storage.preview(rejected.uri, 10)["rows"]
    assert row == {"carrier": "DL", "delay": None, "broken_rules": ["not_null(delay)"]}
    assert run.metrics["broken"] == {"not_null(delay)": 1}
