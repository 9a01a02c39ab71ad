import pytest

from connectors import catalog
from connectors.models import Connector
from integrations.engines.spark.engine import opened
from integrations.engines.spark.process import end
from integrations.models import Dataset, DatasetVersion, Run, RunInput
from integrations.services import logs, storage
from integrations.testing import follow

pytestmark = [pytest.mark.spark, pytest.mark.django_db, pytest.mark.usefixtures("bells", "one_core")]
FLIGHTS = [{"carrier": "AA", "delay": 10}, {"carrier": "AA", "delay": 20}, {"carrier": "DL", "delay": None}]


@pytest.fixture
def one_core(settings):
    settings.SPARK_MASTER = "local[1]"
    settings.SPARK_CONF = {}


@pytest.fixture
def transform(make_run, make_integration):
    """Return a function that runs a query over landed flights through the hub."""

    def run(query) -> Run:
        landed = follow(make_run({"rows": FLIGHTS}))
        dataset = Dataset.everywhere.get(integration=landed.integration)
        catalog.sync()
        connector = Connector.objects.get(slug="sql_transform")
        config = {"inputs": [{"name": "flights", "dataset": str(dataset.pk)}], "query": query}
        return follow(make_run(config, connector=connector), seconds=110)

    yield run
    for handle in Run.everywhere.exclude(handle=None).values_list("handle", flat=True):
        if "pid" in handle:
            assert end(opened(handle)[0], patience_seconds=0)


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
