"""Give a hub the connectors that are measured, and print a token for it: `python -m bench.seed`, in its environment."""

from __future__ import annotations

import sys
from typing import Any

import embedded.ready  # noqa: F401 - Django must be up before the models below are imported
from bench.workflow import template
from connectors.models import Connector
from embedded.prepare import FIRST_EMAIL
from tenants.models import Member
from tenants.services import tokens

ANYTHING = {"type": "object", "additionalProperties": True}
CONNECTORS: dict[str, dict[str, Any]] = {
    "bench-fake": {"name": "Bench: nothing at all", "type": "fake"},
    "bench-rows": {"name": "Bench: a few rows", "type": "n8n", "template": template()},
}


def main() -> int:
    for slug, values in CONNECTORS.items():
        schema = {"credential": {}, "config": ANYTHING}
        defaults = {**values, "schema": schema, "status": Connector.Status.PUBLISHED}
        Connector.objects.update_or_create(slug=slug, defaults=defaults)
    member = Member.everywhere.get(user__email=FIRST_EMAIL)
    _, secret = tokens.issue(member=member, name="make bench")
    sys.stdout.write(secret)
    return 0


if __name__ == "__main__":
    sys.exit(main())
