from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tenants.models import ApiToken, AuditEvent, Member, User
from tenants.roles import Role
from tenants.services import members, tokens


@pytest.fixture
def member(alice: User) -> Member:
    return members.of_user(alice).get()


def test_only_the_hash_of_a_token_is_kept(member: Member) -> None:
    token, secret = tokens.issue(member=member, name="script")
    kept = [str(value) for row in (ApiToken, AuditEvent) for value in row.everywhere.values_list()]
    assert secret.startswith("hub_")
    assert secret.startswith(token.prefix)
    assert not any(secret in text for text in kept)


def test_a_token_is_found_by_its_secret(member: Member) -> None:
    token, secret = tokens.issue(member=member, name="script")
    found = tokens.verify(secret)
    assert found == token
    assert tokens.verify(secret[:-1]) is None


def test_the_use_of_a_token_is_noted_once_a_minute(
    member: Member, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token, secret = tokens.issue(member=member, name="script")
    tokens.verify(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    with django_assert_num_queries(1):
        tokens.verify(secret)
    long_ago = timezone.now() - timedelta(minutes=2)
    ApiToken.everywhere.update(last_used_at=long_ago)
    tokens.verify(secret)
    token.refresh_from_db()
    assert token.last_used_at > long_ago


def test_a_token_cannot_be_given_more_than_its_member_may(bob: User) -> None:
    with pytest.raises(ValueError, match="above the most that can be given here, viewer"):
        tokens.issue(member=members.of_user(bob).get(), name="script", role=Role.EDITOR)


def test_a_token_cannot_be_born_expired(member: Member) -> None:
    with pytest.raises(ValueError, match="time to come"):
        tokens.issue(member=member, name="script", expires_at=timezone.now())


def test_issuing_and_revoking_are_in_the_audit_trail_once(member: Member, alice: User) -> None:
    token, _ = tokens.issue(member=member, name="script")
    tokens.revoke(token=token, by=alice)
    tokens.revoke(token=token, by=alice)
    events = AuditEvent.everywhere.filter(object_id=token.pk).order_by("at")
    assert [(event.verb, event.actor) for event in events] == [("issued", alice), ("revoked", alice)]
    assert not token.is_usable
