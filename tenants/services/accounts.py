"""Accounts: tenants and the people who look after them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction

from tenants.models import Member, Tenant, User
from tenants.roles import Role
from tenants.scope import platform
from tenants.services import audit, members


def create_tenant(*, name: str, slug: str, admin: User) -> Tenant:
    """Make a tenant with its first admin. Raises Django's ValidationError naming the field."""
    tenant = Tenant(name=name, slug=slug)
    tenant.full_clean()
    with transaction.atomic():
        tenant.save(force_insert=True)
        Member.everywhere.create(tenant=tenant, user=admin, role=Role.ADMIN)
        after = {"name": name, "slug": slug, "admin": admin.email}
        audit.record(tenant_id=tenant.pk, actor=admin, verb="created", subject=tenant, after=after)
    return tenant


def ensure_admin(*, email: str, password: str, tenant_name: str, tenant_slug: str) -> tuple[User, bool]:
    """Make sure that this person exists, looks after the platform, and is an admin of the tenant.

    Returns the user and whether it was made now. Somebody who exists keeps the password they have: a start that
    repeats this must not undo a changed one. Raises Django's ValidationError for a weak password.
    """
    try:
        return _ensure_admin(email, password, tenant_name, tenant_slug)
    except IntegrityError:
        # Another process of the same start was faster; what it made is there to be found now.
        return _ensure_admin(email, password, tenant_name, tenant_slug)


def change_profile(*, user: User, name: str, language: str, time_zone: str, theme: str) -> None:
    """Keep how a person is called and wants to see the pages. Raises Django's ValidationError naming the field."""
    user.first_name, user.last_name = name.strip(), ""
    user.language, user.time_zone, user.theme = language, time_zone, theme
    fields = ["first_name", "last_name", "language", "time_zone", "theme"]
    user.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in fields])
    user.save(update_fields=fields)


def note(*, user: User, verb: str, after: Mapping[str, Any] | None = None) -> None:
    """Tell every organisation of theirs what somebody did to their own account."""
    with platform(), transaction.atomic():
        for member in members.of_user(user):
            audit.record(tenant_id=member.tenant_id, actor=user, verb=verb, subject=user, after=after)


def _ensure_admin(email: str, password: str, tenant_name: str, tenant_slug: str) -> tuple[User, bool]:
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email).first()
        is_new = user is None
        if user is None:
            user = User(email=User.objects.normalize_email(email))
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
        user.is_staff = user.is_superuser = user.is_active = True
        user.save()
        tenant = Tenant.objects.filter(slug=tenant_slug).first()
        if tenant is None:
            create_tenant(name=tenant_name, slug=tenant_slug, admin=user)
        else:
            members.add(tenant=tenant, user=user, role=Role.ADMIN, by=None)
    return user, is_new
