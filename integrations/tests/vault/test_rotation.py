import base64
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from integrations.models import Credential, Deployment, TenantKey, VaultCanary
from integrations.services import credentials
from integrations.testing import KEY, fake_connector
from integrations.vault import Unreadable, canary, keyring, rotation, tenant_keys
from tenants.models import Tenant
from tenants.scope import platform

ONE, TWO, THREE = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def ring(settings: Any, transactional_db: None) -> Iterator[Any]:
    settings.KEYS = f"k1={ONE}"
    tenant_keys.forget()
    canary.check()
    yield settings
    tenant_keys.forget()


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


def make(tenant: Tenant, count: int = 1) -> list[Credential]:
    connector = fake_connector("keyed", credential=KEY)
    rows = [Credential(tenant=tenant, connector=connector, name=f"{n}", data={"key": f"key {n}"}) for n in range(count)]
    return Credential.everywhere.bulk_create(rows)


def stored(row: Credential) -> str:
    return str(Credential.everywhere.values_list("data", flat=True).get(pk=row.pk))


def opened() -> list[Any]:
    """What all credentials hold, as a process that has just started reads it."""
    tenant_keys.forget()
    return [row.data["key"] for row in Credential.everywhere.order_by("created_at", "name")]


def put(row: Credential, text: str) -> None:
    with platform(), connection.cursor() as cursor:
        where = row._meta.pk.get_db_prep_value(row.pk, connection)
        cursor.execute("UPDATE integrations_credential SET data = %s WHERE id = %s", [text, where])


def generations() -> list[int]:
    return sorted(TenantKey.everywhere.values_list("generation", flat=True))


def in_thread(work: Any) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


# The ring's key


def test_after_rewrapping_the_old_key_may_leave_the_ring(tenant: Tenant, ring: Any, capsys: Any) -> None:
    make(tenant, 2)
    before = [stored(row) for row in Credential.everywhere.all()]
    ring.KEYS = f"k2={TWO},k1={ONE}"

    call_command("rotate_keys")

    assert "wrap nothing any more: 'k1'" in capsys.readouterr().out
    assert [stored(row) for row in Credential.everywhere.all()] == before
    ring.KEYS = f"k2={TWO}"
    canary.check()
    assert opened() == ["key 0", "key 1"]


def test_no_key_in_use_is_said_to_be_free(tenant: Tenant, ring: Any, capsys: Any) -> None:
    make(tenant)
    call_command("rotate_keys")

    assert "none may leave it" in capsys.readouterr().out


def test_a_process_with_an_old_ring_wraps_no_new_key(tenant: Tenant, ring: Any) -> None:
    ring.KEYS = f"k2={TWO},k1={ONE}"
    rotation.rewrap()
    ring.KEYS = f"k1={ONE}"

    with pytest.raises(Unreadable, match="'k2'"):
        make(tenant)

    assert not TenantKey.everywhere.exists()


def test_a_ring_that_lacks_a_key_is_refused_by_name(tenant: Tenant, ring: Any) -> None:
    make(tenant)
    ring.KEYS = f"k3={THREE}"

    with pytest.raises(CommandError, match="'k1', which the ring does not have"):
        call_command("rotate_keys")


def test_a_key_that_came_to_the_file_is_found_without_a_restart(
    tenant: Tenant, ring: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(keyring, "REREAD_SECONDS", 0)
    file = tmp_path / "keys"
    file.write_text(f"k1={ONE}\n")
    ring.KEYS_FILE = str(file)
    make(tenant)

    file.write_text(f"k2={TWO}\nk1={ONE}\n")
    ring.KEYS_FILE = f"{tmp_path}/./keys"  # another process reads it for the first time
    rotation.rewrap()
    ring.KEYS_FILE = str(file)

    assert list(keyring.ring().keys) == ["k1"]
    assert opened() == ["key 0"]


# The tenants' keys


def test_resealing_replaces_every_data_key_and_text(tenant: Tenant, ring: Any, capsys: Any) -> None:
    rows = make(tenant, 250)
    connector = rows[0].connector
    deployment = Deployment.everywhere.create(
        tenant=tenant, connector=connector, connector_version="1", engine="fake", key="k", hook_token="token"
    )
    old = TenantKey.everywhere.get()
    before = {row.pk: stored(row) for row in rows}

    call_command("rotate_keys", "--reseal")

    assert generations() == [2]
    assert not any(stored(row) == before[row.pk] or str(old.pk) in stored(row) for row in rows)
    assert opened() == sorted(f"key {n}" for n in range(250)) or len(opened()) == 250
    assert Deployment.everywhere.get(pk=deployment.pk).hook_token == "token"
    assert "251 values are sealed anew" in capsys.readouterr().out


def test_other_processes_open_old_and_new_and_seal_with_the_new_key(tenant: Tenant) -> None:
    [row] = make(tenant)
    rotation.reseal()  # this process still remembers the old key

    assert Credential.everywhere.get(pk=row.pk).data == {"key": "key 0"}
    row.data = {"key": "newer"}
    row.save()

    assert str(TenantKey.everywhere.get().pk) in stored(row)
    assert opened() == ["newer"]


def test_a_row_read_before_and_saved_after_keeps_the_new_text(tenant: Tenant) -> None:
    [made] = make(tenant)
    stale = Credential.everywhere.get(pk=made.pk)

    rotation.reseal()
    stale.name = "renamed"
    stale.save()

    assert opened() == ["key 0"]
    assert Credential.everywhere.get().name == "renamed"


def test_an_edit_of_the_same_moment_wins(tenant: Tenant, monkeypatch: Any) -> None:
    rows = make(tenant, 3)
    batches = rotation._batches

    def edited_after_reading(column: Any) -> Any:
        for batch in batches(column):
            credential = Credential.everywhere.get(pk=rows[1].pk)
            if credential.data["key"] != "edited":
                credentials.update(credential=credential, by=None, data={"key": "edited"})
            yield batch

    monkeypatch.setattr(rotation, "_batches", edited_after_reading)
    rotation.reseal()

    assert sorted(opened()) == ["edited", "key 0", "key 2"]
    assert generations() == [2]


def test_a_transaction_that_sealed_before_is_waited_for(tenant: Tenant) -> None:
    make(tenant)
    sealed, go = threading.Event(), threading.Event()

    def edit() -> None:
        with transaction.atomic():
            row = Credential(tenant=tenant, connector=fake_connector("keyed"), name="late", data={"key": "late"})
            row.save()
            sealed.set()
            go.wait(60)

    editing = in_thread(edit)
    assert sealed.wait(60)
    rotating = in_thread(rotation.reseal)
    rotating.join(0.3)
    assert rotating.is_alive()
    go.set()
    editing.join(60)
    rotating.join(60)

    assert opened() == ["key 0", "late"]
    assert generations() == [2]


def test_edits_go_on_while_everything_is_sealed_anew(tenant: Tenant) -> None:
    rows = make(tenant, 300)
    stop, written = threading.Event(), {}

    def edit() -> None:
        at = 0
        while not stop.is_set():
            row = Credential.everywhere.get(pk=rows[at % 300].pk)
            credentials.update(credential=row, by=None, data={"key": f"edit {at}"})
            written[row.pk] = f"edit {at}"
            at += 7

    editing = in_thread(edit)
    for _ in range(2):
        rotation.reseal()
    stop.set()
    editing.join(100)

    tenant_keys.forget()
    found = {row.pk: row.data["key"] for row in Credential.everywhere.all()}
    assert found == {row.pk: written.get(row.pk, row.data["key"]) for row in rows}
    assert generations() == [3]


def test_one_that_broke_off_is_gone_on_with(tenant: Tenant, capsys: Any) -> None:
    make(tenant, 250)

    def break_off(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotation.reseal(break_off)
    assert generations() == [1, 2]
    assert len(opened()) == 250

    call_command("rotate_keys", "--reseal")

    assert generations() == [2]
    assert "150 values are sealed anew" in capsys.readouterr().out
    assert len(opened()) == 250
    assert not VaultCanary.objects.get().is_resealing


def test_a_tenant_that_came_meanwhile_has_a_new_key_already(tenant: Tenant) -> None:
    make(tenant)
    rotation._begin()

    make(Tenant.objects.create(slug="globex", name="Globex"))

    assert generations() == [1, 2]
    rotation.reseal()
    assert generations() == [2, 2]


def test_what_does_not_open_is_named_and_its_key_is_kept(tenant: Tenant, capsys: Any) -> None:
    one, two = make(tenant, 2)
    put(one, stored(two))

    with pytest.raises(CommandError, match="1 of 2 sealed values do not open"):
        call_command("rotate_keys", "--check")
    call_command("rotate_keys", "--reseal")

    assert f"Does not open: credential data of {one.pk}" in capsys.readouterr().out
    assert generations() == [1, 2]
    rotation.reseal()
    assert generations() == [1, 3]
    Credential.everywhere.filter(pk=one.pk).delete()
    rotation.reseal()
    assert generations() == [4]


def test_a_check_opens_everything_and_changes_nothing(tenant: Tenant, capsys: Any) -> None:
    [row] = make(tenant)
    before = stored(row)

    call_command("rotate_keys", "--check")

    assert "All 1 sealed values open." in capsys.readouterr().out
    assert stored(row) == before


@pytest.mark.processes
def test_a_kill_in_the_middle_loses_nothing(tenant: Tenant) -> None:
    make(tenant, 3000)
    environment = {**os.environ, "HUB_KEYS": f"k1={ONE}", "DATABASE_URL": url_of_the_test_database()}
    command = [sys.executable, "manage.py", "rotate_keys", "--reseal"]
    child = subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=environment, start_new_session=True)
    until = time.monotonic() + 100
    while child.poll() is None and time.monotonic() < until:
        new = TenantKey.everywhere.filter(generation=2).first()
        if new and "1:" + str(new.pk) in stored(Credential.everywhere.order_by("pk")[0]):
            break
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait(60)

    assert len(opened()) == 3000
    call_command("rotate_keys", "--reseal")

    assert len(opened()) == 3000
    assert len(generations()) == 1


def url_of_the_test_database() -> str:
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"
