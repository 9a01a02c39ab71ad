"""The cast of every test: Alice runs Acme, Bob looks on, Charlie runs Globex and must see nothing of Acme."""

from __future__ import annotations

import pytest

from tenants.models import Member, Tenant, User
from tenants.roles import Role


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
