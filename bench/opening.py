"""Time how long a sealed credential takes to open: `python -m bench.opening`, in a hub's environment, prints µs."""

from __future__ import annotations

import json
import sys
import time

import embedded.ready  # noqa: F401 - Django must be up before the models below are imported
from connectors.models import Connector
from integrations.models import Credential
from integrations.vault.fields import Sealed
from tenants.models import Tenant

SAMPLES = 5000
VALUE = {"kind": "bearer", "token": "a token of the usual forty characters....", "url": "https://api.example.com/v1"}


def main() -> int:
    tenant, connector = Tenant.objects.all()[0], Connector.objects.all()[0]
    row = Credential.everywhere.create(tenant=tenant, connector=connector, name="Bench", data=VALUE)
    held = Credential.everywhere.get(pk=row.pk).__dict__["data"]
    assert isinstance(held, Sealed)
    json.dump([opened(row, held) for _ in range(SAMPLES)], sys.stdout)
    return 0


def opened(row: Credential, held: Sealed) -> float:
    """Microseconds until the value, as it came from the database, is in the clear."""
    row.__dict__["data"] = held
    began = time.perf_counter_ns()
    assert row.data == VALUE
    return (time.perf_counter_ns() - began) / 1000


if __name__ == "__main__":
    sys.exit(main())
