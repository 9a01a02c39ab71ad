"""Make the connectors that are measured, and print a token: run in the hub's environment."""

from __future__ import annotations

import embedded.ready  # noqa: F401 - Django must be up before the models below are imported
from bench.workflow import TEMPLATE
from connectors.models import Connector
from tenants.models import Member
from tenants.services import tokens

OPEN = {"credential": {}, "config": {"type": "object", "additionalProperties": True}}


def main() -> None:
    for slug, kind, template in (("bench-fake", "fake", {}), ("bench-rows", "n8n", TEMPLATE)):
        fields = {"name": slug, "type": kind, "status": "published", "schema": OPEN, "template": template}
        Connector.objects.update_or_create(slug=slug, defaults=fields)
    _, secret = tokens.issue(member=Member.everywhere.all()[0], name="bench")
    print(secret)


if __name__ == "__main__":
    main()
