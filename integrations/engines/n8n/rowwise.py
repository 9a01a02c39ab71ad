"""Values that come from the row of a dataset: a call that is made once for each row reads them where it is made.

In a text `{{row.name}}` stands for the row's column of that name. The row itself is data and is never evaluated.
"""

from __future__ import annotations

import json
import re
from typing import Any

from connectors.discovery.drafts import ROWS
from integrations.domain import Json
from integrations.engines.n8n.credentials import literal

ROW = "={{ $json.row }}"
_COLUMN = re.compile(r"\{\{\s*row\.(.+?)\s*\}\}")


def is_rowwise(config: Json) -> bool:
    return bool(config.get(ROWS))


def text(value: Any) -> Any:
    """A leaf of the parameters: a literal, or an expression that puts the row's values into it."""
    if isinstance(value, dict):
        return {name: text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [text(item) for item in value]
    if not isinstance(value, str) or not _COLUMN.search(value):
        return literal(value)
    return f"={{{{ {_expression(value)} }}}}"


def document(value: str) -> str:
    """A JSON text with columns in it: the values of the row take their place as JSON, whatever they hold."""
    if not _COLUMN.search(value):
        return str(literal(value))
    try:
        parsed = json.loads(value)
    except ValueError:
        return str(text(value))
    return f"={{{{ JSON.stringify({_expression(parsed)}) }}}}"


def column(name: str) -> str:
    return f"={{{{ {_read(name)} }}}}"


def _expression(value: Any) -> str:
    """JavaScript that gives the value; without two closing braces in a row, at which n8n would end the expression."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_quoted(str(name))}: {_expression(item)}" for name, item in value.items())
        return f"({{ {inner} }} )"
    if isinstance(value, list):
        return f"[{', '.join(map(_expression, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    whole = _COLUMN.fullmatch(value)
    return _read(whole[1]) if whole else f"[{', '.join(_parts(value))}].join('')"


def _parts(value: str) -> list[str]:
    """The text between columns, and the columns; an empty one is no text."""
    pieces = _COLUMN.split(value)
    return [f"{_read(piece)} ?? ''" if place % 2 else _quoted(piece) for place, piece in enumerate(pieces) if piece]


def _read(name: str) -> str:
    return f"$json.row[{_quoted(name)}]"


def _quoted(piece: str) -> str:
    return json.dumps(piece).replace("{", "\\u007b").replace("}", "\\u007d")
