"""Tags of every page: icons, times, sizes and the way through the pages. Built in: templates need no `load`."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.forms import BoundField
from django.template.context import RequestContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

register = template.Library()

ICONS = "@tabler/icons/icons"
_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_GROUND = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, extra: str = "") -> SafeString:
    """Draw one of Tabler's icons, beside a text that says the same: readers of the screen are not told of it."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" '
        'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">{}</svg>',
        extra,
        _drawing(name),
    )


@lru_cache(maxsize=512)
def _drawing(name: str) -> SafeString:
    place = Path(settings.PACKAGES_DIR) / ICONS / "outline" / f"{name}.svg"
    try:
        found = _DRAWING.search(place.read_text(encoding="utf-8"))
    except OSError:
        return SafeString("")
    lines = _GROUND.sub("", found[1]) if found else ""
    return mark_safe(" ".join(lines.split()))  # noqa: S308 - a file of the installed package


@register.filter
def ago(moment: datetime | None) -> SafeString:
    """How long ago (or in how long), with the exact time in the reader's zone for whoever points at it."""
    if moment is None:
        return SafeString("–")
    exact = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', moment.isoformat(), exact, naturaltime(moment)
    )


@register.filter
def exact(moment: datetime | None) -> SafeString:
    """The date and time in the reader's zone."""
    if moment is None:
        return SafeString("–")
    shown = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), shown)


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds as people say them: `0.4 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return gettext("%(seconds)s s") % {"seconds": f"{seconds:.1f}" if seconds < 10 else round(seconds)}
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    return ngettext("%(days)d day", "%(days)d days", hours // 24) % {"days": hours // 24}


@register.inclusion_tag("_nav_link.html", takes_context=True)
def nav_link(context: RequestContext, name: str, label: str, icon_name: str, *more: str) -> dict[str, Any]:
    """A place of the main menu; it is the current one at its own address, below it, and at those of `more`."""
    url = reverse(name)
    here = context["request"].path_info
    is_current = here == url or any(here.startswith(start) for start in ((url,) if url != "/" else ()) + more)
    return {"url": url, "label": label, "icon_name": icon_name, "is_current": is_current}


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field's control in Tabler's clothes, marked when something is wrong with it."""
    control = getattr(field.field.widget, "input_type", "")
    style = {"checkbox": "form-check-input", "select": "form-select", "radio": "form-check-input"}.get(control)
    wrong = " is-invalid" if field.errors else ""
    return field.as_widget(attrs={"class": (style or "form-control") + wrong})


@register.filter
def as_json(value: Any) -> str:
    """A value as JSON that people read; text stays as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)
