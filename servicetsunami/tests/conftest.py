from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.models import Connector
from integrations.models import Dataset, Run
from integrations.services import drafts
from integrations.services.integrations import NewCredential
from integrations.services.oauth2 import clients
from integrations.testing import KEY, fake_connector, follow
from tenants.models import Member, Tenant, User
from tenants.roles import Role
from tenants.services import invitations, tokens
from tenants.testing import join


@pytest.fixture
def people(acme: Tenant) -> dict[Role, User]:
    return {role: join(acme, f"the-{role}", role) for role in Role}


@pytest.fixture
def objects(acme: Tenant, people: dict[Role, User], make_run: Callable[..., Run]) -> dict[str, str]:
    """One of everything that Acme has, by the noun of its address."""
    connector = fake_connector("own", credential=KEY, tenant=acme)
    run = follow(make_run({"rows": [{"a": 1}]}, connector=connector, credential=NewCredential("one", {"key": "x"})))
    member = Member.everywhere.get(user=people[Role.VIEWER])
    token, _ = tokens.issue(member=member, name="own")
    declared = {"grant": "client_credentials", "token_url": {"value": "https://auth.example.com/token"}}
    signing_in = fake_connector("signing_in", oauth2=declared, tenant=acme)
    client = clients.create(tenant_id=acme.pk, connector=signing_in, client_id="own", client_secret="", by=None)
    invitation, secret = invitations.create(tenant=acme, by=people[Role.ADMIN], role=Role.VIEWER)
    found = {
        "clients": client.pk,
        "connectors": Connector.objects.get(slug="own").slug,
        "credentials": run.integration.credential_id,
        "drafts": drafts.begin(connector=connector, tenant_id=acme.pk, by=people[Role.EDITOR]).pk,
        "data": Dataset.everywhere.get(integration=run.integration).pk,
        "datasets": Dataset.everywhere.get(integration=run.integration).pk,
        "integrations": run.integration_id,
        "invitations": invitation.pk,
        "members": member.pk,
        "runs": run.pk,
        "secret": secret,
        "uidb64": "nobody",
        "tokens": token.pk,
    }
    return {noun: str(key) for noun, key in found.items()}
