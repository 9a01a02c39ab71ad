from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from unfold.admin import ModelAdmin

from servicetsunami.tests.rows import SECRET, make
from tenants.models import Member, Tenant, User

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root@example.com", "irrelevant"))
    return client


@pytest.fixture
def clerk() -> User:
    """Somebody of the staff who has no right yet."""
    return User.objects.create(email="clerk@example.com", is_staff=True)


def page(model: type[models.Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def allow(user: User, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def cost(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    assert answer.status_code == 200, path
    return len(queries)


@each_model
def test_every_page_of_every_model_opens(root: Client, model: Any) -> None:
    row = make(model)
    opened = [root.get(page(model, "changelist")), root.get(page(model, "change", row.pk))]
    added = root.get(page(model, "add"))

    assert [answer.status_code for answer in opened] == [200, 200]
    assert added.status_code == (200 if admin.site._registry[model].has_add_permission(added.wsgi_request) else 403)
    assert all(SECRET.encode() not in answer.content for answer in (*opened, added))


@each_model
def test_a_list_costs_the_same_however_long_it_is(root: Client, model: Any) -> None:
    make(model)
    cost(root, page(model, "changelist"))
    before = cost(root, page(model, "changelist"))
    for _ in range(7):
        make(model)

    assert cost(root, page(model, "changelist")) <= before


@pytest.mark.parametrize("owner", [Tenant, User])
def test_a_page_costs_the_same_however_many_members_it_names(root: Client, owner: Any) -> None:
    row, name = make(owner), owner.__name__.lower()
    make(Member, **{name: row})
    cost(root, page(owner, "change", row.pk))
    before = cost(root, page(owner, "change", row.pk))
    for _ in range(7):
        make(Member, **{name: row})

    assert cost(root, page(owner, "change", row.pk)) == before


@each_model
def test_every_page_wears_the_same_clothes(model: Any) -> None:
    assert isinstance(admin.site._registry[model], ModelAdmin)


@each_model
def test_staff_see_what_their_rights_let_them_see(client: Client, clerk: User, model: Any) -> None:
    client.force_login(clerk)
    row = make(model)
    paths = [page(model, "changelist"), page(model, "change", row.pk)]
    assert [client.get(path).status_code for path in paths] == [403, 403]
    assert paths[0] not in client.get(reverse("admin:index")).content.decode()

    allow(clerk, f"view_{model._meta.model_name}")
    assert [client.get(path).status_code for path in paths] == [200, 200]
    assert client.get(page(model, "add")).status_code == 403
    assert client.post(paths[1], {}).status_code == 403


def test_signing_in_to_the_admin_pages_is_the_hub_s_own(client: Client, alice: User) -> None:
    answer = client.get("/admin/connectors/connector/", follow=True)
    assert answer.redirect_chain[-1][0] == "/login?next=/admin/connectors/connector/"
    assert answer.templates[0].name == "login.html"


def test_a_password_sent_to_the_admin_s_own_form_opens_nothing(client: Client) -> None:
    User.objects.create_superuser("root@example.com", "a long enough password")
    answer = client.post("/admin/login/", {"username": "root@example.com", "password": "a long enough password"})
    assert answer.headers["Location"].startswith("/login?")
    assert "_auth_user_id" not in client.session


def test_members_who_are_not_staff_are_told_so_and_not_sent_in_a_circle(client: Client, alice: User) -> None:
    client.force_login(alice)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_admin_sign_in_leads_nowhere_else(root: Client, target: str) -> None:
    assert root.get("/admin/login/", {"next": target}).headers["Location"] == "/admin/"
