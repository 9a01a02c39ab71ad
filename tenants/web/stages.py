"""What stands between the first proof of who somebody is and being signed in."""

from __future__ import annotations

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest


class CodeAfterPassword(AuthenticateStage):
    """Ask for a code after a password. Single sign-on has its provider's own second step."""

    def _should_handle(self, request: HttpRequest) -> bool:
        return "sociallogin" not in (self.login.signal_kwargs or {}) and super()._should_handle(request)
