"""Every address of the hub, found by walking the URL resolver, and the table of docs/roles.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
TABLE = Path(settings.BASE_DIR) / "docs" / "roles.md"
ROW = re.compile(r"^\| `(/\S*)` \| ([A-Z, ]+) \| ([a-z ]+) \|$", re.MULTILINE)
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
NO_ID = str(uuid4())
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True, slots=True)
class Row:
    route: str
    method: str
    level: str

    def __str__(self) -> str:
        return f"{self.method} {self.route}"

    @property
    def is_api(self) -> bool:
        return self.route.startswith("/api/v1/")

    @property
    def is_of_an_object(self) -> bool:
        return "{" in self.route and self.level not in ("anyone", "run", "staff")


def walk(patterns: list[URLPattern | URLResolver] | None = None, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    """Yield every route, its places as {name}, with what answers there."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = before + _named(entry)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, here)
        else:
            yield here, entry


def routes() -> dict[str, list[URLPattern]]:
    """The hub's own routes. One that answers with and without a slash is one route: the one that has a name."""
    found: dict[str, list[tuple[str, URLPattern]]] = {}
    for route, entry in walk():
        if not route.startswith("/admin/"):
            found.setdefault(route.rstrip("/"), []).append((route, entry))
    return {
        max(group, key=lambda each: bool(each[1].name))[0]: [entry for _, entry in group] for group in found.values()
    }


def admin_routes() -> list[str]:
    return sorted({route for route, _ in walk() if route.startswith("/admin/")})


def table() -> list[Row]:
    return [
        Row(route, method.strip(), level)
        for route, methods, level in ROW.findall(TABLE.read_text(encoding="utf-8"))
        for method in methods.split(",")
    ]


def filled(route: str, places: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: places[match[1]], route)


def at(route: str, objects: dict[str, str]) -> str:
    """Fill the place of a route with the object that its name, or the noun before it, stands for."""
    found = re.search(r"(\w+)/\{(\w+)\}", route)
    if found is None:
        return route
    noun, place = found.groups()
    if place not in objects and noun not in objects:
        raise AssertionError(f"{route} names an object that this test does not make: add {noun!r} to `objects`.")
    return at_key(route, objects.get(place) or objects[noun])


def at_key(route: str, key: str = NO_ID) -> str:
    return re.sub(r"\{\w+\}", key, route)


def _named(entry: URLPattern | URLResolver) -> str:
    text = str(entry.pattern)
    if isinstance(entry.pattern, RoutePattern):
        return PLACE.sub(r"{\1}", text).replace("{pk}", "{id}")
    return GROUP.sub(r"{\1}", text).strip("^$").replace("\\Z", "")
