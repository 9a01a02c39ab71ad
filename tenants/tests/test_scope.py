from __future__ import annotations

import pytest

from tenants.models import Member, Tenant, User
from tenants.scope import NoTenant, current, platform, scope


def test_rows_of_a_tenant_are_refused_while_no_tenant_is_entered(alice: User) -> None:
    with pytest.raises(NoTenant, match="needs a tenant"):
        Member.objects.count()


def test_a_scope_shows_the_rows_of_its_tenant_alone(acme: Tenant, alice: User, charlie: User) -> None:
    with scope(acme.pk):
        assert [member.user for member in Member.objects.all()] == [alice]


def test_leaving_a_scope_restores_the_one_before(acme: Tenant, globex: Tenant) -> None:
    with scope(acme.pk):
        with scope(globex.pk):
            assert current() == globex.pk
        assert current() == acme.pk
    assert current() is None


def test_rows_are_reached_from_each_other_only_in_a_scope(acme: Tenant, alice: User) -> None:
    with pytest.raises(NoTenant):
        alice.memberships.get()
    with scope(acme.pk):
        assert alice.memberships.get().tenant == acme


def test_the_platform_sees_all_tenants_until_it_is_left(alice: User, charlie: User) -> None:
    with platform():
        assert Member.objects.count() == 2
    with pytest.raises(NoTenant):
        Member.objects.count()
