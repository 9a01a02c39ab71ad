"""Who asks, for which tenant, with which role."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import structlog
from django.http import HttpRequest
from rest_framework.request import Request

from tenants import origin, scope
from tenants.models import Member, Tenant, User
from tenants.rates import Rate
from tenants.roles import Role
from tenants.services import members


@dataclass(frozen=True, slots=True)
class Access:
    user: User
    tenant_id: UUID
    role: Role
    calls: Rate | None
    """How many API calls the tenant may make."""

    @classmethod
    def of(cls, user: User, tenant: Tenant, role: str) -> Access:
        return cls(user, tenant.pk, Role(role), tenant.calls)

    def may(self, role: Role) -> bool:
        return self.role.covers(role)


class NoAccess(LookupError):
    """Nobody signed in, or somebody who belongs to no tenant."""


def access_of(request: Request | HttpRequest) -> Access:
    """Return the access that authentication (or, for pages, the middleware) found. Raises `NoAccess`."""
    access = getattr(_bare(request), "access", None)
    if not isinstance(access, Access):
        raise NoAccess("This request has no tenant: it is not signed in, or its user is a member of none.")
    return access


def grant(request: Request | HttpRequest, access: Access, via: str = "session") -> Access:
    """Keep the access on the request and enter its tenant; the middleware leaves it when the request ends."""
    _bare(request).access = access  # type: ignore[attr-defined]
    scope.enter(access.tenant_id)
    origin.note(via)
    structlog.contextvars.bind_contextvars(tenant=str(access.tenant_id))
    return access


def chosen_member(request: HttpRequest, user: User) -> Member | None:
    """Find the membership a session works with: the tenant the request names, the one last chosen, or the first."""
    mine = list(members.of_user(user))
    request.memberships = mine  # type: ignore[attr-defined]
    slug = request.headers.get("X-Tenant", "")
    return members.choose(mine, slug=slug, tenant_id=str(request.session.get("tenant", "")))


def memberships(request: Request | HttpRequest) -> list[Member]:
    """All memberships of whoever signed in to a session, as `chosen_member` found them."""
    found: list[Member] = getattr(_bare(request), "memberships", [])
    return found


def _bare(request: Request | HttpRequest) -> HttpRequest:
    return request._request if isinstance(request, Request) else request
