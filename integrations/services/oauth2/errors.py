"""Why there is no token, and whose turn it is."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from connectors.models import Connector
from integrations.domain import EngineError, Origin

REFUSED = "token_refused"
FIX = gettext_noop(
    "Authorise the credential (again): its page leads to the service, or POST /api/v1/credentials/{id}/authorise."
)


class SignInError(EngineError):
    """No token is to be had. `stage` is how far a test of the connection came with it."""

    def __init__(
        self,
        message: str,
        *,
        code: str = REFUSED,
        fix: str = "",
        origin: Origin = Origin.SETTINGS,
        retryable: bool = False,
        stage: str = "authenticate",
    ) -> None:
        super().__init__(message, retryable=retryable, code=code, origin=origin, fix=fix, step="prepare")
        self.stage = stage


class TokenError(SignInError):
    """The token URL gave none."""


class GrantLost(TokenError):
    """What it was asked with is worth nothing any more."""


class NeedsAuthorisation(SignInError):
    """Only a person can help: sign in at the service once more."""

    def __init__(self, why: str) -> None:
        message = gettext("The credential must be authorised at the service. %(why)s") % {"why": why}
        super().__init__(message, code="needs_authorisation", fix=gettext(FIX))


class NoClient(SignInError):
    """Nobody told the hub which client it is at the service."""

    def __init__(self, connector: Connector) -> None:
        super().__init__(
            f"The hub has no OAuth client for {connector.name}.",
            code="no_oauth_client",
            fix="Register the hub at the service, then have an admin enter the client: POST /api/v1/oauth-clients/.",
        )
