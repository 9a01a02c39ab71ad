"""Give a hub many rows fast, by copying one of each: `python -m bench.fill`, in its environment, told how many."""

from __future__ import annotations

import argparse
import sys

from django.db import connection, models, transaction

import embedded.ready  # noqa: F401 - Django must be up before the models below are imported
from connectors.models import Connector
from integrations.models import Integration, Run
from tenants.scope import platform

CONNECTOR = "sql_transform"
FRESH = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "gen_random_uuid()"}
AGO = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || ({}) || ' seconds')",
    "postgresql": "now() - ({}) * interval '1 second'",
}
STATE = "CASE n.i % 10 WHEN 3 THEN 'failed' WHEN 7 THEN 'cancelled' ELSE 'succeeded' END"


def main() -> int:
    given = parser().parse_args()
    with platform(), transaction.atomic():
        fill(connectors=given.connectors, integrations=given.integrations, runs_each=given.runs_each)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")  # what its daemon would have done by the time there are so many
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench.fill", description=__doc__)
    for name in ("--connectors", "--integrations", "--runs-each"):
        top.add_argument(name, type=int, required=True)
    return top


def fill(*, connectors: int, integrations: int, runs_each: int) -> None:
    """Bring the hub to so many rows. It has one integration, which ran once: the rest are copies of these."""
    fresh, run = FRESH[connection.vendor], Run.everywhere.get()
    connector = Connector.objects.get(slug=CONNECTOR)
    missing = connectors - Connector.objects.filter(status=Connector.Status.PUBLISHED).count()
    names = {"slug": "'copy-' || n.i", "name": "'Connector ' || n.i", "spark_job_id": "NULL"}
    copy(connector, missing, {"id": fresh, **names})
    copy(
        run.integration,
        integrations - 1,
        {"id": fresh, "name": "'Integration ' || n.i", "created_at": ago("n.i"), "updated_at": ago("n.i")},
    )
    ends = {name: ago("n.i * 600") for name in ("queued_at", "started_at", "finished_at")}
    values = {"id": fresh, "integration_id": "o.id", "idempotency_key": "NULL", "state": STATE, **ends}
    copy(run, runs_each, values, of_each=f", {Integration._meta.db_table} o")


def copy(row: models.Model, count: int, changed: dict[str, str], of_each: str = "") -> None:
    """Insert so many copies of a row, or so many for each row of another table."""
    fields = row._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(changed.get(str(field.column), f't."{field.column}"') for field in fields)
    table = row._meta.db_table
    key = str(row.pk) if connection.vendor == "postgresql" else row.pk.hex
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count:d}) "
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, n{of_each} WHERE t.id = '{key}'"
        )


def ago(seconds: str) -> str:
    return AGO[connection.vendor].format(seconds)


if __name__ == "__main__":
    sys.exit(main())
