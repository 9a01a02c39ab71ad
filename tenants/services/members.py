"""Members: who belongs to a tenant, with which role."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from tenants.models import ApiToken, Member, Tenant, User
from tenants.roles import Role
from tenants.services import audit, tokens
from tenants.services.errors import Conflict


class LastAdmin(Conflict):
    """A tenant would be left with nobody to look after it."""

    def __init__(self, tenant: Tenant) -> None:
        super().__init__("last_admin", f"{tenant} needs an admin. Make another member an admin first.")


def of_user(user: User) -> QuerySet[Member]:
    """The user's memberships, the oldest first: that one is theirs when nothing else is chosen."""
    return Member.everywhere.filter(user=user).select_related("tenant").order_by("created_at", "id")


def choose(memberships: Iterable[Member], *, slug: str = "", tenant_id: str = "") -> Member | None:
    """Find the membership named by slug, else the one last chosen, else the first; None when there is none such."""
    mine = list(memberships)
    if slug:
        return next((member for member in mine if member.tenant.slug == slug), None)
    return next((member for member in mine if str(member.tenant_id) == tenant_id), mine[0] if mine else None)


def tenant(tenant_id: UUID) -> Tenant:
    return Tenant.objects.get(pk=tenant_id)


def add(*, tenant: Tenant, user: User, role: Role, by: User | None) -> Member:
    """Let the user into the tenant; a member already there gets the role."""
    with transaction.atomic():
        member, is_new = Member.everywhere.get_or_create(tenant=tenant, user=user, defaults={"role": role})
        if is_new:
            audit.record(tenant_id=tenant.pk, actor=by, verb="added", subject=member, after={"role": role})
        elif member.role != role:
            change_role(member=member, role=role, by=by)
    return member


def change_role(*, member: Member, role: Role, by: User | None) -> None:
    """Give the member another role. Raises `LastAdmin`."""
    if member.role == role:
        return
    with transaction.atomic():
        if role != Role.ADMIN:
            _demand_another_admin(member)
        before, member.role = member.role, role
        member.save(update_fields=["role"])
        audit.record(
            tenant_id=member.tenant_id,
            actor=by,
            verb="changed",
            subject=member,
            before={"role": before},
            after={"role": role},
        )


def remove(*, member: Member, by: User | None) -> None:
    """End a membership and its tokens: they stay dead should the person come back. Raises `LastAdmin`."""
    with transaction.atomic():
        _demand_another_admin(member)
        for token in ApiToken.everywhere.filter(tenant_id=member.tenant_id, user_id=member.user_id, revoked_at=None):
            tokens.revoke(token=token, by=by)
        audit.record(tenant_id=member.tenant_id, actor=by, verb="removed", subject=member, before={"role": member.role})
        member.delete()


def role_of(user: User, tenant_id: UUID) -> Role | None:
    found = Member.everywhere.filter(user=user, tenant_id=tenant_id).values_list("role", flat=True).first()
    return Role(found) if found else None


def _demand_another_admin(member: Member) -> None:
    # Two admins who remove each other at once would both find the other one: one at a time per tenant.
    tenant = Tenant.objects.select_for_update().get(pk=member.tenant_id)
    admins = Member.everywhere.filter(tenant=tenant, role=Role.ADMIN).values_list("pk", flat=True)
    if set(admins) == {member.pk}:
        raise LastAdmin(tenant)
