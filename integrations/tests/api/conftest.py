from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from integrations.testing import KEY, fake_connector
from tenants.models import Member, Tenant, User
from tenants.roles import Role
from tenants.services import tokens
from tenants.testing import join

ROOT = "/api/v1"


class Api(APIClient):
    """Calls the API with a token, in JSON."""

    default_format = "json"

    def generic(self, method: str, path: str, *args: Any, **kwargs: Any) -> Any:
        return super().generic(method, path if path.startswith(("/", "http")) else f"{ROOT}/{path}", *args, **kwargs)


def api_of(user: User) -> Api:
    member = Member.everywhere.get(user=user)
    _, secret = tokens.issue(member=member, name="tests")
    api = Api(raise_request_exception=False)
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return api


@pytest.fixture
def api(alice: User) -> Api:
    return api_of(alice)


@pytest.fixture
def viewer(bob: User) -> Api:
    return api_of(bob)


@pytest.fixture
def operator(acme: Tenant) -> Api:
    return api_of(join(acme, "olga", Role.OPERATOR))


@pytest.fixture
def editor(acme: Tenant) -> Api:
    return api_of(join(acme, "edith", Role.EDITOR))


@pytest.fixture
def stranger(charlie: User) -> Api:
    return api_of(charlie)


@pytest.fixture
def keyed() -> Any:
    """A connector that needs a credential, and keeps a secret among its settings."""
    config = {
        "type": "object",
        "required": ["path"],
        "properties": {
            "path": {"type": "string", "title": "Path", "minLength": 1},
            "pages": {"type": "integer", "title": "Pages", "default": 3},
            "salt": {"type": "string", "title": "Salt", "writeOnly": True},
        },
    }
    return fake_connector("keyed", schema={"credential": KEY, "config": config})


@pytest.fixture
def make(api: Api) -> Callable[..., dict[str, Any]]:
    """Makes an integration of the fake engine through the API."""

    def make(name: str = "Flights", **values: Any) -> dict[str, Any]:
        fake_connector()
        answer = api.post("integrations/", {"connector": "fake", "name": name, **values})
        assert answer.status_code == 201, answer.content
        return answer.json()

    return make


def pointers(answer: Any) -> list[str]:
    """The fields that a problem names."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    return [error["pointer"] for error in answer.json()["errors"]]
