"""Prepare a hub's database as `make up` does, add the tests' connectors, and print a token.

Run it in the hub's environment.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import embedded.ready  # noqa: F401 - Django must be up before the models below are imported
from connectors.models import Connector, SparkJob
from embedded import prepare
from tenants.models import Member
from tenants.services import tokens

OBJECT = {"type": "object", "additionalProperties": True, "properties": {}}
READS = {**OBJECT, "properties": {"reads": {"type": "string", "format": "dataset", "title": "Reads"}}}
SECRET = {**OBJECT, "required": ["key"], "properties": {"key": {"type": "string", "title": "Key", "writeOnly": True}}}


KINDS = Path(__file__).parents[1] / "browser" / "kinds.json"
"""A schema with every kind of field there is."""


def add_connectors() -> None:
    values = {"name": "Kinds", "type": "fake", "status": Connector.Status.PUBLISHED}
    Connector.objects.create(slug="kinds", schema=json.loads(KINDS.read_text()), **values)
    job = SparkJob.objects.create(name="gated", kind="python", entry=str(Path(__file__).with_name("gated_job.py")))
    for slug, kind, credential in (("gated", "spark", OBJECT), ("sealed", "spark", SECRET), ("fake", "fake", OBJECT)):
        Connector.objects.create(
            slug=slug,
            name=slug.title(),
            type=kind,
            status=Connector.Status.PUBLISHED,
            schema={"credential": credential, "config": READS},
            spark_job=job if kind == "spark" else None,
        )


def main() -> int:
    if code := prepare.main():
        return code
    add_connectors()
    sys.stdout.write(tokens.issue(member=Member.everywhere.get(), name="tests")[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
