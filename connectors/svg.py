"""Says why a drawing may not be shown: a logo is a picture, it runs nothing and fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

MAX_BYTES = 64 * 1024
_NAMESPACE = "http://www.w3.org/2000/svg"
_ELEMENTS = frozenset(
    (
        *("svg", "g", "defs", "symbol", "use", "title", "desc", "path", "rect", "circle", "ellipse", "line"),
        *("polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath"),
        *("mask", "pattern"),
    )
)
_FOREIGN = re.compile(r"url\(\s*['\"]?(?!#)|@import|expression\(|javascript:|data:", re.IGNORECASE)


def problems(text: str) -> list[str]:
    """What forbids the drawing; empty when it may be shown."""
    if len(text.encode()) > MAX_BYTES:
        return [f"It is larger than {MAX_BYTES // 1024} KB."]
    if "<!" in re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL):
        return ["It has a DOCTYPE or an entity: remove everything before <svg>."]
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without a DOCTYPE there is nothing to expand
    except ElementTree.ParseError as error:
        return [f"It is not XML: {error}."]
    if root.tag != f"{{{_NAMESPACE}}}svg":
        return [f'It does not start with <svg xmlns="{_NAMESPACE}">.']
    return [problem for element in root.iter() for problem in _element(element)]


def initials(name: str) -> str:
    """A plain drawing for a connector that has none: its first letters on a colour of its own."""
    words = re.findall(r"\w+", name) or ["?"]
    letters = (words[0][0] + (words[1][0] if len(words) > 1 else "")).upper()
    hue = sum(ord(letter) * 37 for letter in name) % 360
    ground = f'<rect width="64" height="64" rx="14" fill="hsl({hue} 45% 40%)"/>'
    style = 'text-anchor="middle" font-family="sans-serif" font-size="26" fill="#fff"'
    return f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 64 64">{ground}<text x="32" y="41" {style}>{letters}</text></svg>'


def _element(element: ElementTree.Element) -> Iterator[str]:
    name = str(element.tag).removeprefix(f"{{{_NAMESPACE}}}")
    if name not in _ELEMENTS:
        yield f"<{name}> is not allowed in a logo."
    for key, value in element.attrib.items():
        attribute = key.rpartition("}")[2]
        if attribute.lower().startswith("on"):
            yield f"The attribute {attribute} would run a script."
        elif (attribute == "href" and not value.startswith("#")) or _FOREIGN.search(value):
            yield f"The attribute {attribute} refers to something outside the drawing."
