"""What services raise when they refuse."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.schemas import FieldError


class Invalid(Exception):
    """Given values break the rules; one error per field."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{error.pointer}: {error.detail}" for error in errors))
        self.errors = tuple(errors)


class Refused(Exception):
    """The state of things does not allow it."""

    def __init__(self, code: str, detail: str, *, fix: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.fix = fix


class KeyReused(Refused):
    """The same idempotency key came with another order."""


class Stale(Exception):
    """Somebody else changed the row since the caller read it."""


class Busy(Exception):
    """Another worker does the same at this moment: look again in a moment."""


class Gone(Exception):
    """The row was deleted meanwhile."""


def invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid([FieldError(pointer, code, detail)])
