"""Who may call the API: the holder of a bearer token, or somebody signed in to the pages."""

from __future__ import annotations

from typing import cast

from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.api.access import Access, chosen_member, grant
from tenants.api.problems import Problem
from tenants.models import ApiToken, User
from tenants.services import tokens

NO_SUCH_TENANT = "You are a member of no tenant with the slug that X-Tenant names."


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer hub_...`; `request.auth` is the token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = tokens.verify(secret.strip())
        if token is None:
            raise AuthenticationFailed("This token is unknown, expired or revoked. Make a new one.")
        if request.headers.get("X-Tenant", token.tenant.slug) != token.tenant.slug:
            raise Problem(404, "no_such_tenant", NO_SUCH_TENANT)
        grant(request, Access.of(token.user, token.tenant, token.role), via=f"token {token.prefix}")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Integrations Hub"'


class SessionAuthentication(authentication.SessionAuthentication):
    """The session of the pages. Calls that change something carry the CSRF token in X-CSRFToken."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        user = cast(User, signed_in[0])
        member = chosen_member(request._request, user)
        if member is not None:
            grant(request, Access.of(user, member.tenant, member.role))
        elif "X-Tenant" in request.headers:
            raise Problem(404, "no_such_tenant", NO_SUCH_TENANT)
        return user, None
