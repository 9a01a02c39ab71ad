"""Spark jobs: scripts, jars and queries, each of which must be what its name says. None of them is run here."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Callable
from typing import IO

from connectors.uploads.archives import MEGABYTE, Limits, opened
from connectors.uploads.errors import Unfit

MOST_TEXT_BYTES = MEGABYTE
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
JAR = Limits(bytes=200 * MEGABYTE, unpacked_bytes=1000 * MEGABYTE, members=100_000)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def inspect(name: str, file: IO[bytes]) -> str:
    """Return the kind of the job: python, jar or sql. The file is left at its beginning. Raises `Unfit`."""
    _, dot, ending = name.rpartition(".")
    found = KINDS.get(ending)
    if not NAME.fullmatch(name) or not dot or found is None:
        raise Unfit(
            "Name the file with letters, digits, _ . and - and the ending .py, .jar or .sql, such as clean_orders.py."
        )
    kind, look = found
    if not file.seek(0, io.SEEK_END):
        raise Unfit("The file is empty.")
    look(file)
    file.seek(0)
    return kind


def _python(file: IO[bytes]) -> None:
    text = _text(file)
    try:
        compile(text, "job.py", "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        raise Unfit(f"It is no Python that this hub's version reads: {error.msg} (line {error.lineno}).") from error
    except (MemoryError, RecursionError, ValueError) as error:
        raise Unfit("It is no Python that can be read: an expression is nested too deeply.") from error


def _sql(file: IO[bytes]) -> None:
    if not _text(file).strip():
        raise Unfit("The file is empty.")


def _jar(file: IO[bytes]) -> None:
    with opened(file, JAR) as archive:
        if not any(name.endswith(".class") for name in archive.namelist()):
            raise Unfit("It is a zip archive without a class: build the jar with the code in it.")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    content = file.read(MOST_TEXT_BYTES + 1)
    if len(content) > MOST_TEXT_BYTES:
        raise Unfit("The file is larger than 1 MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unfit("The file is not text in UTF-8: save it as UTF-8.") from error
    if CONTROL.search(text):
        raise Unfit("The file holds control characters, so it is no text.")
    return text


KINDS: dict[str, tuple[str, Callable[[IO[bytes]], None]]] = {
    "py": ("python", _python),
    "jar": ("jar", _jar),
    "sql": ("sql", _sql),
}
