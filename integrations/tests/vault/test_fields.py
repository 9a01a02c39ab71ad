import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from connectors.models import Connector
from integrations.models import Credential, Deployment, TenantKey
from integrations.testing import fake_connector
from integrations.vault import Unreadable, tenant_keys
from tenants.models import Tenant
from tenants.scope import platform, scope

SECRET = {"key": "s3cr3t-läßt", "n": [1, None]}


@pytest.fixture
def connector(db: None) -> Connector:
    return fake_connector()


def make(tenant: Tenant, connector: Connector, data: Any = SECRET, **fields: Any) -> Credential:
    return Credential.everywhere.create(tenant=tenant, connector=connector, name=str(uuid4()), data=data, **fields)


def stored(row: Credential) -> str:
    return str(Credential.everywhere.filter(pk=row.pk).values_list("data", flat=True).get())


def put(row: Credential, text: str | None) -> None:
    with platform(), connection.cursor() as cursor:
        where = row._meta.pk.get_db_prep_value(row.pk, connection)
        cursor.execute("UPDATE integrations_credential SET data = %s WHERE id = %s", [text, where])


def loaded(row: Credential) -> Credential:
    return Credential.everywhere.get(pk=row.pk)


def test_a_value_is_sealed_in_the_column_and_opens_when_it_is_read(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector)

    assert stored(row).startswith("1:") and "s3cr3t" not in stored(row)
    assert row.data == loaded(row).data == SECRET


@pytest.mark.parametrize("value", ["text", "", 7, 1.5, True, [], {}, ["a"], {"a": {"b": None}}])
def test_any_json_value_is_kept(acme: Tenant, connector: Connector, value: Any) -> None:
    assert loaded(make(acme, connector, value)).data == value


def test_saving_one_field_seals_it_anew(acme: Tenant, connector: Connector) -> None:
    row = loaded(make(acme, connector))
    before = stored(row)

    row.data = "new"
    row.save(update_fields=["data"])

    assert stored(row) != before
    assert loaded(row).data == "new"


def test_saving_other_fields_leaves_the_sealed_text_alone(acme: Tenant, connector: Connector) -> None:
    row = loaded(make(acme, connector))
    before = stored(row)

    row.name = "renamed"
    row.save()

    assert stored(row) == before


def test_a_change_in_place_is_saved(acme: Tenant, connector: Connector) -> None:
    row = loaded(make(acme, connector))

    row.data["key"] = "other"
    row.save()

    assert loaded(row).data["key"] == "other"


def test_refreshing_brings_the_stored_value_back(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector)
    row.data = "unsaved"

    row.refresh_from_db()
    assert row.data == SECRET
    row.data = "unsaved"
    row.refresh_from_db(fields=["data"])
    assert row.data == SECRET


def test_a_deferred_value_is_loaded_when_it_is_read(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector)

    assert Credential.everywhere.defer("data").get(pk=row.pk).data == SECRET
    assert Credential.everywhere.only("name").get(pk=row.pk).data == SECRET


def test_rows_made_in_bulk_are_sealed_each_to_its_own_place(acme: Tenant, connector: Connector) -> None:
    rows = [Credential(tenant=acme, connector=connector, name=str(n), data={"n": n}) for n in range(3)]

    Credential.everywhere.bulk_create(rows)

    assert [loaded(row).data for row in rows] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert all(stored(row).startswith("1:") for row in rows)


def test_ids_given_as_text_name_the_same_place(acme: Tenant, connector: Connector) -> None:
    key = uuid4()

    Credential.everywhere.create(pk=key.hex.upper(), tenant_id=str(acme.pk), connector=connector, name="x", data="y")

    assert Credential.everywhere.get(pk=key).data == "y"


def test_ways_past_the_row_are_refused(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector)

    with pytest.raises(TypeError, match="sealed"), transaction.atomic():
        Credential.everywhere.filter(pk=row.pk).update(data="plain")
    with pytest.raises(TypeError, match="sealed"), transaction.atomic():
        Credential.everywhere.bulk_update([row], ["data"])
    with pytest.raises(TypeError, match="sealed"):
        Credential.everywhere.filter(data="plain").exists()
    assert loaded(row).data == SECRET


def test_nothing_that_describes_the_row_shows_the_value(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector)

    assert "s3cr3t" not in repr(row) + str(row) + repr(vars(row))
    assert row.data == SECRET
    assert "s3cr3t" not in repr(vars(row))


def test_a_value_moved_to_another_row_does_not_open_there(acme: Tenant, connector: Connector) -> None:
    one, two = make(acme, connector, "one"), make(acme, connector, "two")

    put(two, stored(one))

    with pytest.raises(Unreadable):
        _ = loaded(two).data
    assert loaded(one).data == "one"


def test_a_value_moved_to_another_tenant_does_not_open_there(
    acme: Tenant, globex: Tenant, connector: Connector
) -> None:
    ours, theirs = make(acme, connector, "ours"), make(globex, connector, "theirs")

    put(theirs, stored(ours))
    with pytest.raises(Unreadable):
        _ = loaded(theirs).data
    Credential.everywhere.filter(pk=ours.pk).update(tenant=globex)
    with pytest.raises(Unreadable):
        _ = loaded(ours).data


def test_a_value_moved_to_another_column_does_not_open_there(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector, "ours")
    deployment = Deployment.everywhere.create(
        pk=row.pk, tenant=acme, connector=connector, connector_version="1", engine="fake", key="k", hook_token="t"
    )

    put(row, str(Deployment.everywhere.values_list("hook_token", flat=True).get(pk=deployment.pk)))

    with pytest.raises(Unreadable):
        _ = loaded(row).data


def test_one_unreadable_row_breaks_no_list(acme: Tenant, connector: Connector) -> None:
    make(acme, connector, "fine")
    put(make(acme, connector), "nonsense")

    rows = list(Credential.everywhere.all())

    assert len(rows) == 2
    assert all(str(row) for row in rows)


def test_a_row_whose_value_does_not_open_can_be_renamed_and_mended(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector)
    put(row, "nonsense")

    row = loaded(row)
    row.name = "renamed"
    row.save()
    assert stored(row) == "nonsense"
    row.data = "entered again"
    row.save()

    assert loaded(row).data == "entered again"


def test_a_dump_holds_sealed_text_and_loads_back(acme: Tenant, connector: Connector, tmp_path: Any) -> None:
    values = [SECRET, "text", 7]
    rows = [make(acme, connector, value) for value in values]
    out = io.StringIO()
    call_command("dumpdata", "integrations.credential", "integrations.tenantkey", use_base_manager=True, stdout=out)
    assert "s3cr3t" not in out.getvalue()
    file = tmp_path / "dump.json"
    file.write_text(out.getvalue())

    Credential.everywhere.all().delete()
    call_command("loaddata", str(file), verbosity=0)
    call_command("loaddata", str(file), verbosity=0)

    assert len(json.loads(out.getvalue())) == 4
    assert [loaded(row).data for row in rows] == values


def test_a_fixture_with_a_value_in_the_clear_is_refused(acme: Tenant, connector: Connector, tmp_path: Any) -> None:
    fields = {"tenant": str(acme.pk), "connector": str(connector.pk), "name": "x", "data": "plain"}
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    file = tmp_path / "dump.json"
    file.write_text(json.dumps([{"model": "integrations.credential", "pk": str(uuid4()), "fields": fields | times}]))

    with pytest.raises(Exception, match="sealed text"):
        call_command("loaddata", str(file), verbosity=0)

    assert not Credential.everywhere.exists()


def test_validating_a_row_leaves_its_value_alone(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector, "1:looks:sealed")

    with scope(acme.pk):
        row.full_clean()
    row.save()

    assert loaded(row).data == "1:looks:sealed"


def test_a_tenant_has_one_data_key_of_its_own(acme: Tenant, globex: Tenant, connector: Connector) -> None:
    rows = [make(acme, connector), make(acme, connector), make(globex, connector)]

    ids = {stored(row).split(":")[1] for row in rows}

    assert ids == {str(key) for key in TenantKey.everywhere.values_list("pk", flat=True)}
    assert len(ids) == 2


def test_after_a_restart_values_still_open(acme: Tenant, connector: Connector) -> None:
    row = make(acme, connector)

    tenant_keys.forget()

    assert loaded(row).data == SECRET


def test_a_ring_without_the_wrapping_key_makes_values_unreadable(
    acme: Tenant, connector: Connector, settings: Any
) -> None:
    row = make(acme, connector)
    tenant_keys.forget()
    settings.KEYS = "other=" + settings.KEYS.partition(":")[2]

    with pytest.raises(Unreadable, match="'test'"):
        _ = loaded(row).data
