"""The latest runs of an integration as a strip of bars. A list draws hundreds: so it is written at once, here."""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from integrations.models import Run
from integrations.web import charts
from integrations.web.charts import Bar

register = template.Library()

DRAWING = '<svg class="strip" viewBox="0 0 112 24" width="112" height="24" role="img" aria-label="{}">{}</svg>'
BAR = '<rect class="bar-{}" x="{}" y="{}" width="6" height="{}" rx="1.5"><title>{}, {}</title></rect>'


@register.simple_tag
def strip(runs: Sequence[Run]) -> SafeString:
    bars = charts.strip(runs)
    if not bars:
        return SafeString("")
    words = {bar.run.phase: gettext(bar.run.phase.label) for bar in bars}
    told = ", ".join(words[bar.run.phase] for bar in bars)
    return format_html(DRAWING, told, format_html_join("", BAR, (_cells(bar, words[bar.run.phase]) for bar in bars)))


def _cells(bar: Bar, words: str) -> tuple[str | int, ...]:
    when = date_format(timezone.localtime(bar.run.queued_at), "SHORT_DATETIME_FORMAT")
    return bar.run.phase.tone, bar.x, bar.y, bar.height, words, when
