"""A tenant that has one of everything, for tests that call every route."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connectors import catalog
from integrations.domain import Trigger
from integrations.models import Dataset, Integration, Run
from integrations.services import credentials, pushing, requests
from integrations.services.integrations import NewCredential
from integrations.services.oauth2 import clients
from integrations.testing import KEY, fake_connector, follow
from tenants.models import Member, Tenant, User
from tenants.roles import Role
from tenants.services import invitations, tokens
from tenants.testing import join

Make = Callable[..., Integration]

MADE_UP = {
    "integrations": ("5b1c7f0e-6f2f-4d55-8c86-0c1c4f9f1a01", "5b1c7f0e-6f2f-4d55-8c86-0c1c4f9f1a02"),
    "datasets": ("7d1f6c1e-52a8-4f0e-9a53-2f0c9f6f1d01", "7d1f6c1e-52a8-4f0e-9a53-2f0c9f6f1d02"),
}
"""The ids that examples use."""
TESTED = {**KEY, "properties": {**KEY["properties"], "verdict": {"type": "string"}}}
"""A credential that the fake engine has a test for."""


@dataclass(frozen=True, slots=True)
class World:
    tenant: Tenant
    admin: User
    token: str
    ids: dict[str, list[str]]
    """Ids of what there is, by the noun of its address."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept-Encoding": "identity"}

    def pushing(self, run_id: str) -> dict[str, str]:
        """What the work of a run sends; that of no run is sent no right token."""
        run = Run.everywhere.filter(pk=run_id).first() if run_id in self.ids["runs"] else None
        push = pushing.of(run) if run else None
        return {**self.headers, "Authorization": f"Bearer {push.token if push else 'hubrun_'}"}

    def real(self, text: str) -> str:
        """Put the ids of what there is where an example has made-up ones."""
        for noun, made_up in MADE_UP.items():
            for one, real in zip(made_up, self.ids[noun], strict=False):
                text = text.replace(one, real)
        return text

    def of(self, noun: str) -> str:
        return self.ids[noun][0]


def build(tenant: Tenant, make: Make) -> World:
    """Make two integrations that hang together, their runs, and whatever else an address can name."""
    catalog.sync()
    admin, viewer = join(tenant, "ada", Role.ADMIN), join(tenant, "vera", Role.VIEWER)
    join(tenant, "otto", Role.ADMIN)
    admin.is_staff = True
    admin.save()
    keyed = fake_connector("keyed", credential=TESTED, tenant=tenant)
    rows = [{"at": "2026-01-01T00:00:00Z", "via": ["EWR"], "delay": 12.5, "carrier": "UA"}] * 3
    key = NewCredential("Key", {"key": "x", "verdict": "good"})
    source = make({"rows": rows}, name="Flights", connector=keyed, credential=key)
    reader = make({"reads": str(Dataset.everywhere.get(integration=source).pk), "rows": []}, name="Delays")
    ended = [follow(requests.request(integration=each, trigger=Trigger.API)[0]) for each in (source, reader)]
    waiting = requests.request(integration=reader, trigger=Trigger.API)[0]
    declared = {"grant": "client_credentials", "token_url": {"value": "https://auth.example.com/token"}}
    signing_in, _ = (fake_connector(slug, oauth2=declared) for slug in ("signing_in", "crm"))
    client = clients.create(tenant_id=tenant.pk, connector=signing_in, client_id="own", client_secret="", by=admin)
    spare = credentials.create(tenant_id=tenant.pk, by=admin, connector=keyed, name="Spare", data={"key": "y"})
    member = Member.everywhere.get(user=admin)
    found = {
        "connectors": ["keyed", "rest_api", keyed.pk],
        "credentials": [source.credential_id, spare.pk],
        "datasets": list(Dataset.everywhere.filter(tenant=tenant).order_by("created_at").values_list("pk", flat=True)),
        "integrations": [source.pk, reader.pk],
        "invitations": [invitations.create(tenant=tenant, by=admin, role=Role.VIEWER)[0].pk],
        "oauth-clients": [client.pk],
        "members": [Member.everywhere.get(user=viewer).pk, member.pk],
        "runs": [*(run.pk for run in ended), waiting.pk],
        "tokens": [tokens.issue(member=member, name="another")[0].pk],
    }
    _, secret = tokens.issue(member=member, name="world")
    return World(tenant, admin, secret, {noun: [str(key) for key in keys] for noun, keys in found.items()})


def ended(world: World) -> list[str]:
    rows = Run.everywhere.filter(pk__in=world.ids["runs"]).exclude(finished_at=None)
    return [str(key) for key in rows.values_list("pk", flat=True)]
