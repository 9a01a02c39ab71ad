"""The engines that settings list by dotted path, one shared instance each."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from integrations.engines.base import Engine


def names() -> list[str]:
    return list(settings.ENGINES)


@cache
def get(name: str) -> Engine:
    """Return the engine of that name; KeyError when settings list none."""
    engine: Engine = import_string(settings.ENGINES[name])()
    return engine
