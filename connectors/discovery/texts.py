"""Words of n8n's descriptions as plain text: they hold HTML, and speak of n8n's editor."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<[^>]{0,2000}>")
_EXPRESSION = re.compile(r",? or specify (an ID|a name|IDs|the ID|names) using an expression\.?", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
LONGEST = 500


def plain(text: object, longest: int = LONGEST) -> str:
    """One line without tags; nothing for what is no text or an expression."""
    if not isinstance(text, str) or text.startswith("="):
        return ""
    found = html.unescape(_TAG.sub("", text))
    found = _SPACE.sub(" ", _CONTROL.sub(" ", found)).strip()
    found = _EXPRESSION.sub("", found).strip()
    if found and not found.endswith((".", "!", "?", ":")) and found.startswith("Choose from the list"):
        found += "."
    return found if len(found) <= longest else found[: longest - 1].rstrip() + "…"


def title(text: object, fallback: str = "") -> str:
    found = plain(text, 120).removesuffix(" Name or ID").removesuffix(" Names or IDs").removesuffix(" Name or IDs")
    return found or fallback


def words(text: object) -> list[str]:
    """The words of a phrase or a camelCase name, in small letters."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", plain(text))
    return [word.casefold() for word in re.findall(r"[^\W_]+", spaced)]
