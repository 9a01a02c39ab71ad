from collections.abc import Callable

import pytest

from integrations.models import Dataset, DatasetVersion, Integration, Run
from integrations.services import datasets
from integrations.services.errors import Refused
from integrations.testing import follow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
Make = Callable[..., Integration]


def test_an_integration_has_one_dataset_from_the_start(make_integration: Make) -> None:
    integration = make_integration()

    assert datasets.ensure(integration=integration) == datasets.ensure(integration=integration)
    assert Dataset.everywhere.filter(integration=integration).count() == 1


def test_a_run_that_brings_rows_makes_a_version_of_it(make_run: Callable[..., Run]) -> None:
    run = follow(make_run({"rows": [{"a": 1}, {"a": 2}]}))

    dataset = Dataset.everywhere.select_related("latest").get(integration=run.integration)

    assert dataset.latest is not None
    assert (dataset.latest.run_id, dataset.latest.rows) == (run.pk, 2)
    assert dataset.latest.schema == [{"name": "a", "type": "BIGINT"}]
    assert datasets.preview(version=dataset.latest, limit=1, offset=1) == {
        "columns": [{"name": "a", "type": "BIGINT"}],
        "rows": [{"a": 2}],
        "total": 2,
    }


def test_what_has_no_version_has_no_rows() -> None:
    assert datasets.preview(version=None, limit=10) == {"columns": [], "rows": [], "total": 0}


def test_a_run_reads_the_newest_version_of_each_input(make_integration: Make, make_run: Callable[..., Run]) -> None:
    run = follow(make_run({"rows": [{"a": 1}]}))
    dataset = Dataset.everywhere.get(integration=run.integration)
    reader = make_integration({"reads": str(dataset.pk)})

    [source], [(name, version)] = datasets.sources(integration=reader)

    assert (source.name, source.uri, source.format) == (name, version.uri, "parquet")
    assert version == DatasetVersion.everywhere.get(run=run)


def test_an_input_without_rows_is_refused_and_says_what_to_run(make_integration: Make) -> None:
    producer = make_integration(name="Flights")
    reader = make_integration({"reads": str(datasets.ensure(integration=producer).pk)})

    with pytest.raises(Refused, match="no rows yet") as error:
        datasets.sources(integration=reader)

    assert "'Flights'" in error.value.fix
