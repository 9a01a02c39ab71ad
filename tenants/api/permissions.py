"""What a member may call, by role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from tenants.api.access import Access, NoAccess, access_of
from tenants.api.problems import Problem
from tenants.roles import Role

if TYPE_CHECKING:
    # DRF's views read the settings that name this module.
    from rest_framework.views import APIView


class IsMember(BasePermission):
    """A member whose role covers the method's: `view.roles`, else viewer to read and editor to change."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user.is_authenticated:
            return False
        needed = role_needed(request, view)
        try:
            access = access_of(request)
        except NoAccess:
            detail = "You are a member of no organisation. Ask an administrator of yours to add you."
            raise Problem(403, "no_tenant", detail) from None
        demand(access, needed)
        if request.method in getattr(view, "staff", ()):
            demand_staff(access)
        return True


def demand(access: Access, needed: Role) -> None:
    """Raise the problem of a role that is not enough."""
    if not access.may(needed):
        detail = f"This needs the role {needed}; you have the role {access.role}. Ask an admin of your organisation."
        raise Problem(403, "role_needed", detail)


def demand_staff(access: Access) -> None:
    """The catalogue is everybody's: whoever keeps it is staff of the platform, and asks with all they may do."""
    if not access.user.is_staff or not access.may(Role.ADMIN):
        raise Problem(403, "staff_needed", "This is for the staff of the platform, as an admin of an organisation.")


class IsSession(BasePermission):
    """Somebody signed in to the pages: a token speaks for one organisation alone."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is not None:
            raise Problem(403, "session_needed", "A token cannot do this. Sign in to the pages instead.")
        return bool(request.user.is_authenticated)


def role_needed(request: Request, view: APIView) -> Role:
    method = str(request.method)
    default = Role.VIEWER if method in SAFE_METHODS else Role.EDITOR
    roles: dict[str, Role] = getattr(view, "roles", {})
    return roles.get(method, default)
