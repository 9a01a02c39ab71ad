"""A plain copy of awkward NDJSON: what DuckDB would refuse, rename or round stands in it as text.

Read twice, line by line, so that the size of the file does not matter; only files that need it come here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integrations.services.errors import Refused

EXACT_IN_DOUBLE = 2**53
SMALLEST, LARGEST = -(2**63), 2**63 - 1
DEEPEST = 60
MOST_KEYS = 200
"""An object with more keys than this holds data as keys; as columns or fields it would be unreadable."""
MOST_COLUMNS = 2000
VALUE = "value"
"""The column of rows that are no objects."""
NAMELESS = "_"


@dataclass(frozen=True, slots=True)
class Tidy:
    """`names` maps each key to its column, in order; `as_text` are the columns that hold JSON as text."""

    path: Path
    names: dict[str, str]
    as_text: frozenset[str]
    rows: int
    longest_line: int


@dataclass(slots=True)
class _Seen:
    """What the values of one column have been so far."""

    has_float: bool = False
    has_large: bool = False
    is_odd: bool = False
    keys: dict[str, set[str]] = field(default_factory=dict)

    @property
    def needs_text(self) -> bool:
        folded = (len({key.lower() for key in keys}) < len(keys) for keys in self.keys.values())
        return self.is_odd or (self.has_float and self.has_large) or any(folded)

    def look(self, value: Any, path: str = "", depth: int = 0) -> None:
        match value:
            case bool() | str() | None:
                return
            case int():
                self.has_large |= abs(value) > EXACT_IN_DOUBLE
                self.is_odd |= not SMALLEST <= value <= LARGEST
            case float():
                self.has_float = True
            case list():
                self._look_into([(path + "[]", item) for item in value], depth)
            case dict():
                keys = self.keys.setdefault(path, set())
                keys.update(value)
                self.is_odd |= "" in value or len(keys) > MOST_KEYS
                self._look_into([(f"{path}.{key}", item) for key, item in value.items()], depth)

    def _look_into(self, items: list[tuple[str, Any]], depth: int) -> None:
        self.is_odd |= depth > DEEPEST
        if not self.is_odd:
            for path, item in items:
                self.look(item, path, depth + 1)


def tidy(path: Path, target: Path) -> Tidy:
    """Write the copy to `target`. Raises `Refused` when a line is no JSON."""
    seen: dict[str, _Seen] = {}
    for row in _rows(path):
        for key, value in row.items():
            column = seen.get(key)
            if column is None:
                column = seen[key] = _new_column(seen)
            if not column.is_odd:
                column.look(value)
    names = _names(seen)
    as_text = frozenset(names[key] for key, column in seen.items() if column.needs_text)
    rows, longest_line = _write(path, target, names, as_text)
    return Tidy(target, names, as_text, rows, longest_line)


def _new_column(seen: dict[str, _Seen]) -> _Seen:
    if len(seen) >= MOST_COLUMNS:
        raise Refused(
            "too_many_columns",
            f"The rows have more than {MOST_COLUMNS} different keys.",
            fix="Have the connector bring them as {key, value} rows, or as one nested object.",
        )
    return _Seen()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                row = _row(line, number)
                yield row if isinstance(row, dict) else {} if row is None else {VALUE: row}


def _row(line: bytes, number: int) -> Any:
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace")
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        raise Refused(
            "rows_unreadable",
            f"Line {number} of the rows cannot be read as JSON.",
            fix="Run it again; if it fails alike, what the connector writes is cut off or mixed with other text.",
        ) from error


def _names(keys: dict[str, _Seen]) -> dict[str, str]:
    """Columns are the same for DuckDB and Spark when they differ by case only: later ones get a number."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for key in keys:
        name = base = key or NAMELESS
        number = 0
        while name.lower() in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name.lower())
        names[key] = name
    return names


def _write(path: Path, target: Path, names: dict[str, str], as_text: frozenset[str]) -> tuple[int, int]:
    count = longest = 0
    with target.open("wb") as file:
        for row in _rows(path):
            plain = {names[key]: _plain(value, names[key] in as_text) for key, value in row.items()}
            line = _dumped(plain).encode("utf-8", "replace") + b"\n"
            file.write(line)
            count, longest = count + 1, max(longest, len(line))
    return count, longest


def _plain(value: Any, is_text: bool) -> Any:
    return _dumped(value) if is_text and value is not None else value


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
