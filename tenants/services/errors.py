"""What services of tenants raise when they refuse."""

from __future__ import annotations


class Mistake(ValueError):
    """A given value breaks a rule. `pointer` names the field as a JSON pointer."""

    def __init__(self, pointer: str, code: str, detail: str) -> None:
        super().__init__(detail)
        self.pointer, self.code, self.detail = pointer, code, detail


class Conflict(ValueError):
    """The state of things does not allow it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail
