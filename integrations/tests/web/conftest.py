from __future__ import annotations

import pytest
from django.test import Client

from tenants.models import Tenant, User
from tenants.roles import Role
from tenants.testing import join


def browser(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.fixture
def viewer(bob: User) -> Client:
    return browser(bob)


@pytest.fixture
def admin(alice: User) -> Client:
    return browser(alice)


@pytest.fixture
def operator(acme: Tenant) -> Client:
    return browser(join(acme, "olga", Role.OPERATOR))


@pytest.fixture
def stranger(charlie: User) -> Client:
    return browser(charlie)
