from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from connectors.admin.catalogue import ConnectorForm
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


def form(**fields):
    given = {"slug": "crm", "name": "CRM", "type": "n8n", "version": "1.0.0", "source": "custom", "status": "draft"}
    return ConnectorForm({**given, "schema": "{}", **fields})


def test_a_schema_given_by_hand_is_checked_and_taken_apart():
    wrong = form(schema='{"properties": {"a": {"format": "colour"}}}')
    assert "/properties/a/format" in str(wrong.errors["schema"])
    right = form(schema='{"properties": {"key": {"writeOnly": true}, "rows": {}}}')
    assert right.is_valid(), right.errors
    assert list(right.cleaned_data["schema"]["credential"]["properties"]) == ["key"]


def test_a_logo_given_by_hand_is_checked():
    assert "logo" in form(logo="<svg onload='alert(1)'/>").errors
