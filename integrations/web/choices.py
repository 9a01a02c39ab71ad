"""What fields that name another row may be set to."""

from __future__ import annotations

from connectors.forms import Option
from integrations.models import Dataset, Integration

MOST = 500


def dataset_options(without: Integration | None = None) -> list[Option]:
    """The tenant's datasets by the name of whoever makes them, the newest first."""
    rows = Dataset.objects.filter(integration__deleted_at=None).select_related("integration")
    rows = rows.exclude(integration=without) if without else rows
    return [Option(str(row.pk), row.title) for row in rows.order_by("-created_at")[:MOST]]
