"""READMEs of connectors as HTML: what Markdown says, and no markup of the writer's own."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


def html(text: str) -> SafeString:
    rendered: str = _parser.render(text)
    return mark_safe(rendered)  # noqa: S308 - HTML in the text is shown as text, and bad links are dropped
