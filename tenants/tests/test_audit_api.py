from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.models import AuditEvent, Tenant, User
from tenants.services import audit, trail

AUDIT = "/api/v1/audit/"


@pytest.fixture
def events(acme: Tenant, globex: Tenant, alice: User, bob: User) -> None:
    audit.record(tenant_id=acme.pk, actor=alice, verb="created", subject=acme, after={"name": "=1+1"})
    audit.record(tenant_id=acme.pk, actor=bob, verb="deleted", subject=bob)
    audit.record(tenant_id=globex.pk, actor=None, verb="foreign", subject=globex)


@pytest.fixture
def session(alice: User) -> APIClient:
    client = APIClient()
    client.force_login(alice)
    return client


def test_an_admin_reads_the_trail_the_newest_first(session: APIClient, events: None, alice: User) -> None:
    shown = session.get(AUDIT).json()["results"]
    assert [row["verb"] for row in shown] == ["deleted", "created"]
    assert (shown[1]["actor"], shown[1]["actor_id"]) == ("alice@example.com", str(alice.pk))


def test_a_viewer_reads_no_trail(as_bob: APIClient, events: None) -> None:
    assert as_bob.get(AUDIT).status_code == as_bob.get(f"{AUDIT}export").status_code == 403


def test_the_trail_is_narrowed(session: APIClient, events: None, bob: User, acme: Tenant) -> None:
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    for query, verbs in [
        ({"actor": "BOB@example.com"}, ["deleted"]),
        ({"actor": str(bob.pk)}, ["deleted"]),
        ({"verb": "created"}, ["created"]),
        ({"object_type": "tenant"}, ["created"]),
        ({"object_id": str(acme.pk)}, ["created"]),
        ({"at_after": tomorrow}, []),
        ({"at_before": tomorrow, "verb": "deleted"}, ["deleted"]),
    ]:
        assert [row["verb"] for row in session.get(AUDIT, query).json()["results"]] == verbs


def test_a_wrong_filter_is_named(session: APIClient, db: None) -> None:
    answer = session.get(AUDIT, {"object_id": "x", "at_after": "then"})
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/object_id", "/at_after"}


@pytest.mark.parametrize(
    ("moment", "status"),
    [("2026-01-02T03:04:05Z", 200), ("0996-09-20T06:32:06+20:21", 200), ("0001-01-01T00:00:00+20:00", 400), ("x", 400)],
)
def test_a_moment_may_have_any_offset_that_is_one(session: APIClient, moment: str, status: int) -> None:
    assert session.get(AUDIT, {"at_after": moment}).status_code == status


def test_the_trail_is_exported_as_lines_of_json(session: APIClient, events: None) -> None:
    answer = session.get(f"{AUDIT}export", {"verb": "created"})
    assert answer["Content-Type"] == "application/x-ndjson"
    [row] = [json.loads(line) for line in answer.getvalue().splitlines()]
    assert (row["actor_name"], row["verb"], row["after"]) == ("alice@example.com", "created", {"name": "=1+1"})


def test_the_trail_is_exported_for_spreadsheets_without_formulas(session: APIClient, acme: Tenant, alice: User) -> None:
    alice.email = "=cmd@example.com"
    audit.record(tenant_id=acme.pk, actor=alice, verb="created", subject=acme, after={"a": 'x,"y"'})
    answer = session.get(f"{AUDIT}export", {"format": "csv"}, headers={"Accept": "text/csv"})
    [row] = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert (row["actor_name"], row["after"]) == ("'=cmd@example.com", json.dumps({"a": 'x,"y"'}))
    assert answer["Content-Disposition"].endswith('.csv"')


def test_a_long_trail_is_exported_whole_and_in_order(
    session: APIClient, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "BATCH", 7)
    now = timezone.now()
    AuditEvent.everywhere.bulk_create(
        AuditEvent(tenant=acme, verb="x", object_type="x", object_id=acme.pk, at=now - timedelta(seconds=n // 5))
        for n in range(50)
    )
    answer = session.get(f"{AUDIT}export")
    pieces = [piece.decode() for piece in answer]
    wanted = [str(pk) for pk in AuditEvent.everywhere.order_by("-at", "-id").values_list("pk", flat=True)]
    assert [json.loads(line)["id"] for line in "".join(pieces).splitlines()] == wanted
    assert len(pieces) == 8


def test_an_unknown_form_is_refused(session: APIClient, db: None) -> None:
    assert session.get(f"{AUDIT}export", {"format": "xml"}).json()["errors"][0]["pointer"] == "/format"


@pytest.mark.parametrize(
    ("proxies", "named", "address"),
    [
        (0, "10.1.1.1", "127.0.0.1"),
        (1, "6.6.6.6, 10.1.1.1", "10.1.1.1"),
        (2, "6.6.6.6, 10.1.1.1, 10.2.2.2", "10.1.1.1"),
        (2, "10.2.2.2", "127.0.0.1"),
        (1, "nonsense\n", ""),
        (1, "fe80::1%eth0", "fe80::1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    session: APIClient, settings: LazySettings, bob: User, proxies: int, named: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    session.post("/api/v1/tokens/", {"name": "x"}, format="json", headers={"X-Forwarded-For": named})
    assert AuditEvent.everywhere.get().address == address
