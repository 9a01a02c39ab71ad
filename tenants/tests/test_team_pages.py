from __future__ import annotations

import re

import pytest
from django.test import Client

from tenants.models import ApiToken, Invitation, Member, Tenant, User
from tenants.roles import Role
from tenants.services import audit, members, tokens


@pytest.fixture
def page(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def seen_by_bob(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def member_of(user: User) -> Member:
    return Member.everywhere.get(user=user)


def test_an_admin_changes_a_role_on_the_page(page: Client, bob: User) -> None:
    answer = page.post(f"/team/members/{member_of(bob).pk}/role", {"role": "editor"}, follow=True)
    assert "bob@example.com has the role editor now." in answer.content.decode()
    assert member_of(bob).role == "editor"


def test_an_unknown_role_is_refused_in_words(page: Client, bob: User) -> None:
    answer = page.post(f"/team/members/{member_of(bob).pk}/role", {"role": "root"}, follow=True)
    assert b"Choose one of the roles." in answer.content
    assert member_of(bob).role == "viewer"


def test_the_last_admin_cannot_leave_the_page(page: Client, alice: User) -> None:
    assert b"needs an admin" in page.post("/team/leave", follow=True).content
    assert member_of(alice).role == "admin"


def test_a_viewer_sees_the_team_without_its_buttons(seen_by_bob: Client, alice: User) -> None:
    shown = seen_by_bob.get("/team").content.decode()
    assert "alice@example.com" in shown
    assert "/remove" not in shown
    assert "Invite somebody" not in shown
    assert 'href="/audit"' not in shown


def test_an_admin_removes_a_member(page: Client, bob: User) -> None:
    page.post(f"/team/members/{member_of(bob).pk}/remove")
    assert not Member.everywhere.filter(user=bob).exists()


def test_leaving_leads_to_the_first_page(seen_by_bob: Client, bob: User, alice: User) -> None:
    answer = seen_by_bob.post("/team/leave", follow=True)
    assert b"not a member of any organisation" in answer.content
    assert seen_by_bob.get("/team")["Location"] == "/"


def test_an_invitation_s_link_is_shown_once(page: Client, client: Client) -> None:
    answer = page.post("/team/invitations", {"email": "", "role": "editor", "days": "7"})
    [link] = re.findall(r"http://testserver(/invitations/\S+)</code>", answer.content.decode())
    assert answer["Cache-Control"] == "no-store"
    assert client.get(link).status_code == 200
    assert link not in page.get("/team").content.decode()
    page.post(f"/team/invitations/{Invitation.everywhere.get().pk}/withdraw")
    assert client.get(link).status_code == 404


def test_a_wrong_invitation_is_named(page: Client, bob: User) -> None:
    answer = page.post("/team/invitations", {"email": "bob@example.com", "role": "editor", "days": "7"})
    assert (answer.status_code, b"is a member already" in answer.content) == (400, True)
    assert page.post("/team/invitations", {"email": "x", "role": "root"}).status_code == 400
    assert not Invitation.everywhere.exists()


def test_a_token_is_shown_once_and_revoked_on_its_page(page: Client) -> None:
    answer = page.post("/tokens", {"name": "<script>", "role": "viewer", "days": "30"})
    [secret] = re.findall(r"<code[^>]*>(hub_[\w-]{20,})</code>", answer.content.decode())
    assert (answer["Cache-Control"], b"<script>" in answer.content) == ("no-store", False)
    token = tokens.verify(secret)
    assert token is not None
    assert token.expires_at is not None
    assert secret not in page.get("/tokens").content.decode()
    page.post(f"/tokens/{token.pk}/revoke")
    assert tokens.verify(secret) is None


def test_a_viewer_cannot_choose_a_higher_role_for_a_token(seen_by_bob: Client) -> None:
    assert b'value="editor"' not in seen_by_bob.get("/tokens").content
    assert seen_by_bob.post("/tokens", {"name": "x", "role": "admin"}).status_code == 400
    assert not ApiToken.everywhere.exists()


def test_the_trail_is_shown_narrowed_and_paged(page: Client, acme: Tenant, alice: User) -> None:
    for number in range(60):
        audit.record(tenant_id=acme.pk, actor=alice, verb="made", subject=acme, after={"n": number})
    audit.record(tenant_id=acme.pk, actor=None, verb="dropped", subject=acme)
    first = page.get("/audit").content.decode()
    assert first.count("<tr>") == 51
    [older] = re.findall(r'href="([^"]+)" rel="next"', first)
    assert page.get(older.replace("&amp;", "&")).content.decode().count("<tr>") == 12
    assert page.get("/audit?verb=dropped").content.decode().count("<tr>") == 2
    assert len(page.get("/audit/export?verb=made").getvalue().splitlines()) == 60


@pytest.mark.parametrize("query", ["object_id=x", "at_after=then"])
def test_a_wrong_filter_shows_nothing(page: Client, acme: Tenant, query: str) -> None:
    audit.record(tenant_id=acme.pk, actor=None, verb="made", subject=acme)
    assert b"nothing that fits" in page.get(f"/audit?{query}").content


def test_a_forged_place_in_the_trail_is_refused(page: Client) -> None:
    assert page.get("/audit?cursor=forged").status_code == 400


def test_the_switcher_appears_with_a_second_organisation(page: Client, alice: User, globex: Tenant) -> None:
    assert b"Switch" not in page.get("/team").content
    members.add(tenant=globex, user=alice, role=Role.VIEWER, by=None)
    assert b"Switch" in page.get("/team").content
    page.post("/tenant", {"tenant": "globex"})
    assert page.get("/audit").status_code == 403


def test_pages_hold_no_script_of_their_own(page: Client) -> None:
    for path in ("/team", "/tokens", "/audit"):
        scripts = re.findall(rb"<script[^>]*>[^<]*", page.get(path).content)
        assert scripts
        assert all(b'src="' in script and script.endswith(b">") for script in scripts)
