"""The cast of every test: Alice runs Acme, Bob looks on, Charlie runs Globex and must see nothing of Acme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from tenants import append_only
from tenants.models import Member, Tenant, User
from tenants.roles import Role
from tenants.services import members, tokens


@pytest.fixture(scope="session", autouse=True)
def emptied_trail() -> Iterator[None]:
    """Tests that commit end with all tables emptied, which the trail's triggers would refuse."""
    operations: Any = type(connection.ops)
    flush = operations.sql_flush

    def with_the_trail(self: Any, *args: Any, **options: Any) -> list[str]:
        vendor = self.connection.vendor
        return [*append_only.DROP[vendor], *flush(self, *args, **options), *append_only.CREATE[vendor]]

    operations.sql_flush = with_the_trail
    yield
    operations.sql_flush = flush


def join(tenant: Tenant, name: str, role: Role) -> User:
    user = User.objects.create(email=f"{name}@example.com", first_name=name.title())
    Member.everywhere.create(tenant=tenant, user=user, role=role)
    return user


@pytest.fixture
def acme(db: None) -> Tenant:
    return Tenant.objects.create(slug="acme", name="Acme")


@pytest.fixture
def globex(db: None) -> Tenant:
    return Tenant.objects.create(slug="globex", name="Globex")


@pytest.fixture
def alice(acme: Tenant) -> User:
    return join(acme, "alice", Role.ADMIN)


@pytest.fixture
def bob(acme: Tenant) -> User:
    return join(acme, "bob", Role.VIEWER)


@pytest.fixture
def charlie(globex: Tenant) -> User:
    return join(globex, "charlie", Role.ADMIN)


def client_of(user: User) -> APIClient:
    """An API client with a token of the user's first tenant, which may do what the user may."""
    member = members.of_user(user).get()
    _, secret = tokens.issue(member=member, name="tests")
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


@pytest.fixture
def as_alice(alice: User) -> APIClient:
    return client_of(alice)


@pytest.fixture
def as_bob(bob: User) -> APIClient:
    return client_of(bob)


@pytest.fixture
def as_charlie(charlie: User) -> APIClient:
    return client_of(charlie)
