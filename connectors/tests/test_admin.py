from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone

from connectors import catalog
from connectors.admin.forms import ConnectorForm
from connectors.models import Connector
from tenants.models import User

pytestmark = pytest.mark.django_db
CHANGELIST = "admin:connectors_connector_changelist"


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("root@example.com", "long enough a password"))
    return client


def act(staff, action):
    keys = [str(key) for key in Connector.objects.values_list("pk", flat=True)]
    return staff.post(reverse(CHANGELIST), {"action": action, "_selected_action": keys}, follow=True)


@pytest.mark.parametrize(
    ("action", "status"), [("publish", "published"), ("hide", "hidden"), ("deprecate", "deprecated")]
)
def test_staff_publish_hide_and_deprecate(staff, action, status):
    Connector.objects.create(slug="crm", name="CRM", type="n8n")
    assert act(staff, action).status_code == 200
    assert Connector.objects.get().status == status


def test_a_connector_whose_folder_is_gone_cannot_be_published(staff):
    Connector.objects.create(slug="crm", name="CRM", type="n8n", status="hidden", missing_since=timezone.now())
    assert b"their folder is gone" in act(staff, "publish").content
    assert Connector.objects.get().status == "hidden"


def test_connectors_are_not_deleted(staff):
    row = Connector.objects.create(slug="crm", name="CRM", type="n8n")
    assert staff.post(reverse("admin:connectors_connector_delete", args=[row.pk])).status_code == 403
    assert b"delete_selected" not in staff.get(reverse(CHANGELIST)).content


def test_the_pages_of_a_connector_and_its_job_open(staff):
    row = Connector.objects.create(slug="crm", name="CRM", type="n8n")
    assert staff.get(reverse("admin:connectors_connector_change", args=[row.pk])).status_code == 200
    assert staff.get(reverse("admin:connectors_sparkjob_changelist")).status_code == 200
    assert Connector in admin.site._registry


WELL = {
    "slug": "crm",
    "name": "CRM",
    "summary": "Contacts.",
    "type": "n8n",
    "version": "1.0.0",
    "status": "draft",
    "position": "0",
    "schema": "{}",
    "n8n_workflow_id": "abc",
    "categories": "crm, sales",
}


def form(instance=None, **fields):
    return ConnectorForm({**WELL, **fields}, instance=instance)


def send(staff, row=None, **fields):
    path = reverse("admin:connectors_connector_change", args=[row.pk]) if row else "/admin/connectors/connector/add/"
    return staff.post(path, {**WELL, **fields})


def test_a_schema_given_by_hand_is_checked_and_taken_apart():
    wrong = form(schema='{"properties":\n {"a": {"format": "colour"}}}')
    assert "Line 2, /properties/a/format: This format is not known" in str(wrong.errors["schema"])
    assert "colour" in str(wrong["schema"]), "what was typed stays"
    right = form(schema='{"properties": {"key": {"writeOnly": true}, "rows": {}}}')
    assert right.is_valid(), right.errors
    assert list(right.cleaned_data["schema"]["credential"]["properties"]) == ["key"]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"logo": "<svg onload='alert(1)'/>"}, "logo", "svg"),
        ({"version": "new"}, "version", "three numbers"),
        ({"summary": ""}, "summary", ""),
        ({"categories": "CRM!"}, "categories", "Use small letters"),
        ({"type": "spark"}, "spark_job", ""),
        ({"n8n_workflow_id": ""}, "template", "missing"),
        ({"template": '{\n"nodes": [}'}, "template", "Line 2: It is not JSON"),
        ({"template": '{\n"nodes": NaN}'}, "template", "Line 2, /nodes: NaN is no JSON"),
        ({"template": '{"nodes": []}'}, "template", "Exactly one node"),
        ({"test": '{"url": "/nowhere"}'}, "test", "A pointer leads to"),
        ({"test": "[]"}, "test", "one JSON object"),
    ],
)
def test_a_connector_given_by_hand_keeps_the_rules_of_a_folder(fields, field, words):
    found = form(**fields).errors
    assert list(found) == [field]
    assert words in str(found[field])


def test_a_connector_is_made_and_changed_by_hand(staff):
    assert send(staff).status_code == 302
    row = Connector.objects.get()
    assert (row.source, row.categories, row.schema) == ("custom", ["crm", "sales"], {"credential": {}, "config": {}})
    answer = send(staff, row, name="Customers", slug="other", schema='{"properties": {"rows": {}}}')
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row.refresh_from_db()
    assert (row.name, row.slug, list(row.schema["config"]["properties"])) == ("Customers", "crm", ["rows"])


def test_of_a_built_in_one_only_status_and_place_change(staff):
    catalog.sync()
    row = Connector.objects.get(slug="pi_estimate")
    send(staff, row, name="Other", schema="{", status="hidden", is_featured="on", position="4")
    changed = Connector.objects.get(slug="pi_estimate")
    assert (changed.status, changed.is_featured, changed.position) == ("hidden", True, 4)
    assert (changed.name, changed.schema) == (row.name, row.schema)
    assert catalog.sync().changed == {}


def test_staff_write_only_what_they_changed(staff):
    row = Connector.objects.create(slug="crm", name="CRM", type="n8n", summary="Contacts.", n8n_workflow_id="abc")
    stale = ConnectorForm({**WELL, "position": "7"}, instance=Connector.objects.get())
    Connector.objects.update(readme="# Written by somebody else meanwhile")
    assert stale.is_valid(), stale.errors
    admin.site._registry[Connector].save_model(None, stale.save(commit=False), stale, change=True)
    row.refresh_from_db()
    assert (row.position, row.readme) == (7, "# Written by somebody else meanwhile")


def test_staff_put_connectors_in_order_and_feature_them(staff):
    row = Connector.objects.create(slug="crm", name="CRM", type="n8n")
    table = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": row.pk, "form-0-position": 9, "_save": 1}
    assert staff.post(reverse(CHANGELIST), table).status_code == 302
    act(staff, "feature")
    row.refresh_from_db()
    assert (row.position, row.is_featured) == (9, True)
    act(staff, "unfeature")
    row.refresh_from_db()
    assert not row.is_featured


@pytest.mark.parametrize("action", ["publish", "hide", "deprecate", "feature", "unfeature"])
def test_who_may_only_look_changes_nothing(client, action):
    clerk = User.objects.create(email="clerk@example.com", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_connector"))
    client.force_login(clerk)
    row = Connector.objects.create(slug="crm", name="CRM", type="n8n")
    act(client, action)
    row.refresh_from_db()
    assert (row.status, row.is_featured) == ("draft", False)


def test_logos_are_shown_to_staff_who_belong_to_no_organisation(staff):
    row = Connector.objects.create(slug="crm", name="CRM", type="n8n")
    path = reverse("admin:connectors_connector_logo", args=[row.pk])
    assert path in staff.get(reverse(CHANGELIST)).content.decode()
    answer = staff.get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
