from collections.abc import Callable

import pytest

from integrations.domain import Trigger
from integrations.models import Integration, Run
from integrations.services import integrations, pipelines, requests
from integrations.services.errors import Invalid, Refused
from integrations.testing import follow
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bells")]
MakeIntegration = Callable[..., Integration]


def rows_of(integration: Integration) -> str:
    return str(integration.datasets(manager="everywhere").get().pk)


def run(integration: Integration) -> Run:
    return follow(requests.request(integration=integration, trigger=Trigger.API)[0])


def test_new_rows_start_their_reader(make_integration: MakeIntegration, bells: list[str]) -> None:
    producer = make_integration({"rows": [{"a": 1}]})
    reader = make_integration({"reads": rows_of(producer), "rows": []}, on_new_data=True)

    run(producer)

    started = Run.everywhere.get(integration=reader)
    assert started.trigger == Trigger.NEW_DATA
    assert follow(started).state == "succeeded"


def test_a_version_starts_its_reader_once_however_often_it_is_announced(make_integration: MakeIntegration) -> None:
    producer = make_integration({"rows": [{"a": 1}]})
    reader = make_integration({"reads": rows_of(producer)}, on_new_data=True)
    run(producer)
    version = producer.datasets(manager="everywhere").get().latest

    assert pipelines.follow(version) == []
    assert Run.everywhere.filter(integration=reader).count() == 1

    run(producer)
    assert Run.everywhere.filter(integration=reader).count() == 2


def test_rows_beside_the_main_ones_are_a_dataset_of_their_own_with_readers_of_their_own(
    make_integration: MakeIntegration,
) -> None:
    producer = make_integration({"rows": [{"a": 1}], "others": {"rejected": [{"a": 2}, {"a": 3}]}})
    run(producer)
    main, rejected = (producer.datasets(manager="everywhere").get(name=name) for name in ("rows", "rejected"))
    reader = make_integration({"reads": str(rejected.pk), "rows": []}, on_new_data=True)

    ended = run(producer)

    rejected.refresh_from_db()
    assert (ended.rows, main.versions(manager="everywhere").count(), rejected.latest.rows) == (1, 2, 2)
    assert rejected.title == f"{producer.name}: rejected"
    assert Run.everywhere.filter(integration=reader, trigger=Trigger.NEW_DATA).count() == 1


@pytest.mark.parametrize("change", [{"on_new_data": False}, {"enabled": False}])
def test_a_reader_that_does_not_wait_is_left_alone(make_integration: MakeIntegration, change: dict) -> None:
    producer = make_integration({"rows": [{"a": 1}]})
    reader = make_integration({"reads": rows_of(producer)}, on_new_data=True)
    integrations.update(integration=reader, by=None, **change)

    run(producer)

    assert not Run.everywhere.filter(integration=reader).exists()


def test_a_failed_run_starts_no_reader(make_integration: MakeIntegration) -> None:
    producer = make_integration({"failure": {"message": "no", "retryable": False}})
    reader = make_integration({"reads": rows_of(producer)}, on_new_data=True)

    run(producer)

    assert not Run.everywhere.filter(integration=reader).exists()


def test_a_circle_is_refused_with_the_way_round(make_integration: MakeIntegration) -> None:
    first = make_integration(name="first")
    second = make_integration({"reads": rows_of(first)}, name="second")
    third = make_integration({"reads": rows_of(second)}, name="third")

    with pytest.raises(Invalid) as caught:
        integrations.update(integration=first, by=None, config={"reads": rows_of(third)})

    [error] = caught.value.errors
    assert (error.pointer, error.code) == ("/config/reads", "circle")
    assert "third" in error.detail


def test_an_integration_cannot_read_its_own_rows(make_integration: MakeIntegration) -> None:
    alone = make_integration()

    with pytest.raises(Invalid, match="its own rows"):
        integrations.update(integration=alone, by=None, config={"reads": rows_of(alone)})


@pytest.mark.parametrize("dataset", ["not an id", "6d1a2c3e-0000-4000-8000-00000000dead"])
def test_an_unknown_dataset_is_refused_by_field(make_integration: MakeIntegration, dataset: str) -> None:
    with pytest.raises(Invalid) as caught:
        make_integration({"reads": dataset})

    assert caught.value.errors[0].pointer == "/config/reads"


def test_a_dataset_of_another_tenant_is_unknown(make_integration: MakeIntegration, globex: Tenant) -> None:
    foreign = make_integration(tenant_id=globex.pk)

    with pytest.raises(Invalid) as caught:
        make_integration({"reads": rows_of(foreign)})

    assert caught.value.errors[0].code == "unknown_dataset"


def test_rows_that_others_read_are_not_deleted_under_them(make_integration: MakeIntegration) -> None:
    producer = make_integration(name="producer")
    make_integration({"reads": rows_of(producer)}, name="the reader")

    with pytest.raises(Refused, match="the reader"):
        integrations.delete(integration=producer, by=None)
