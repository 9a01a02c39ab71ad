"""The latest runs of an integration as a strip of bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from integrations.models import Run
from integrations.web import charts

register = template.Library()


@register.inclusion_tag("integrations/_strip.html")
def strip(runs: Sequence[Run]) -> dict[str, Any]:
    return {"bars": charts.strip(runs)}
