"""What a reference looks like, what a tenant may refer to, and what stands there."""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

from integrations.domain import EngineError, Origin
from integrations.external import environment, files, hashicorp
from integrations.external.tenancy import NotAllowed

SCHEMES = ("env://", "file://", "vault://")
FORMS = "env://NAME, file:///path, file:///path#key or vault://mount/path#key"
LONGEST = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Reference(NamedTuple):
    """`name` is what stands between the scheme and the `key` behind the #."""

    scheme: str
    name: str
    key: str

    def __str__(self) -> str:
        return f"{self.scheme}{self.name}{'#' if self.key else ''}{self.key}"


class Unresolved(EngineError):
    """What a reference points at is not to be had. `retryable` says whether that may pass."""

    def __init__(
        self, message: str, *, retryable: bool = False, origin: Origin = Origin.SETTINGS, fix: str = ""
    ) -> None:
        super().__init__(message, retryable=retryable, code="secret_unresolved", origin=origin, fix=fix, step="prepare")


class Place(Protocol):
    """A module that follows one kind of reference."""

    def check(self, name: str, key: str, tenant: str) -> None:
        """Raise `NotAllowed` unless the tenant may refer to it. What is there is not looked at."""
        ...

    def read(self, name: str, key: str, tenant: str, max_age_seconds: float) -> str:
        """Return the value. Raises `NotAllowed`, `LookupError` when there is none, or `OSError` when it may pass."""
        ...


_PLACES: dict[str, Place] = {"env://": environment, "file://": files, "vault://": hashicorp}


def is_reference(value: object) -> bool:
    return isinstance(value, str) and value.startswith(SCHEMES)


def problem(text: str, tenant: str) -> str:
    """Say why the tenant cannot refer to this; empty when it can. Whether it is there shows when a run needs it."""
    try:
        reference = _parse(text)
        _PLACES[reference.scheme].check(reference.name, reference.key, tenant)
    except NotAllowed as error:
        return str(error)
    return ""


def read(text: str, tenant: str, max_age_seconds: float = 0) -> str:
    """Return the secret that the reference points at, or one read so long ago. Raises `Unresolved`, in words."""
    try:
        reference = _parse(text)
        value = _PLACES[reference.scheme].read(reference.name, reference.key, tenant, max_age_seconds)
    except NotAllowed as error:
        raise Unresolved(f"{text} cannot be used: {error}") from error
    except LookupError as error:
        raise Unresolved(
            f"{text} leads nowhere: {error.args[0]}", fix="Put the secret there, or correct the credential."
        ) from error
    except OSError as error:
        fix = "Nothing to do if this passes: the run is tried again. Else look at where the secret is kept."
        raise Unresolved(f"{text} cannot be read: {error}", retryable=True, origin=Origin.NETWORK, fix=fix) from error
    if not value:
        raise Unresolved(f"{text} leads to an empty value.", fix="Put the secret there, or correct the credential.")
    return value


def _parse(text: str) -> Reference:
    scheme = next((scheme for scheme in SCHEMES if text.startswith(scheme)), "")
    name, _, key = text.removeprefix(scheme).partition("#")
    if not scheme or not name or len(text) > LONGEST or _CONTROL.search(text):
        raise NotAllowed(f"Write it as {FORMS}.")
    return Reference(scheme, name, key)
