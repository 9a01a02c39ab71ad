"""The words beside a field: descriptions as safe HTML, short ones below the field and long ones for who asks."""

from __future__ import annotations

import json
import re
from typing import Any

import nh3

from connectors.forms.facts import say
from connectors.forms.model import Help
from connectors.schemas.values import Json

_TAGS = {"a", "b", "br", "code", "em", "i", "li", "ol", "p", "strong", "ul"}
_SHORT = 180
_WEB = ("https://", "http://")


def help_of(schema: Json) -> Help:
    text = str(say(schema, "description", "")).strip()
    docs = str(say(schema, "x-docs", ""))
    return Help(
        short=safe(_short(text)),
        more=safe(text) if _short(text) != text else "",
        examples=tuple(_example(value) for value in (say(schema, "examples") or [])[:5]),
        docs_url=docs if docs.startswith(_WEB) else "",
    )


def safe(text: str) -> str:
    """HTML that others wrote, with nothing in it but words, marks and links."""
    return nh3.clean(text, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})


def _short(text: str) -> str:
    """The first sentence, when all of it is too long to stand below a field."""
    if len(re.sub(r"<[^>]*>", "", text)) <= _SHORT:
        return text
    sentence = re.match(r"(?s).{20,180}?[.!?](?=\s)", re.sub(r"<[^>]*>", "", text))
    return sentence[0] if sentence else re.sub(r"<[^>]*>", "", text)[:_SHORT].rsplit(" ", 1)[0] + "…"


def _example(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
