from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from integrations.models import Authorisation, Credential, Grant
from integrations.services import credentials
from integrations.services.oauth2 import grants
from integrations.tests.oauth2.conftest import SignIn, auth_of
from integrations.tests.oauth2.service import CLIENT_SECRET, query_of
from integrations.tests.outbound.serving import served
from tenants.models import AuditEvent, Member, Tenant, User
from tenants.roles import Role
from tenants.testing import join

pytestmark = pytest.mark.django_db


def test_a_person_signs_in_at_the_service_and_comes_back_with_what_it_granted(sign_in: SignIn) -> None:
    assert sign_in.shown[0] == "needs_authorisation"

    answer = sign_in.come_back(sign_in.service.consent(sign_in.begin()))

    grant = sign_in.grant
    status, facts = sign_in.shown
    assert (answer.status_code, status, facts.state, facts.missing_scopes) == (200, "verified", "ok", [])
    assert grant.tokens["access_token"] == sign_in.service.live[-1]
    assert (grant.scopes, grant.authorised_by, grant.renewable) == (["read", "write"], sign_in.user, True)
    assert timedelta(0) < grant.renew_at - timezone.now() < timedelta(seconds=3000)
    assert "is authorised" in answer.content.decode()
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_what_leaves_is_a_challenge_and_a_state_of_which_the_hub_keeps_only_a_hash(sign_in: SignIn) -> None:
    asked = query_of(sign_in.begin())

    kept = Authorisation.everywhere.get()
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept.verifier.encode()).digest()).rstrip(b"=").decode()
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert (asked["code_challenge"], asked["scope"]) == (challenge, "read write")
    assert kept.sha256 == hashlib.sha256(asked["state"].encode()).hexdigest()
    assert len(asked["state"]) >= 43
    assert CLIENT_SECRET not in str(asked) and kept.verifier not in str(asked)


def test_the_service_itself_refuses_a_code_without_its_verifier(sign_in: SignIn) -> None:
    address = sign_in.service.consent(sign_in.begin())
    row = Authorisation.everywhere.get()
    row.verifier = "another-" + row.verifier
    row.save()

    answer = sign_in.come_back(address)

    assert answer.status_code == 400
    assert not Grant.everywhere.exists()


def test_a_state_that_nobody_began_is_refused(sign_in: SignIn) -> None:
    address = sign_in.service.consent(sign_in.begin())

    answer = sign_in.come_back(address.replace("state=", "state=x"))

    assert answer.status_code == 400
    assert "was not begun by you" in answer.content.decode()
    assert sign_in.service.asked == [] and not Grant.everywhere.exists()


def test_a_state_counts_once(sign_in: SignIn) -> None:
    address = sign_in.service.consent(sign_in.begin())
    sign_in.come_back(address)

    answer = sign_in.come_back(address)

    assert answer.status_code == 400
    assert sign_in.service.asked == ["authorization_code"]


@pytest.mark.django_db(transaction=True)
def test_of_two_that_come_back_with_one_state_at_once_one_is_late(sign_in: SignIn) -> None:
    sign_in.service.set(delay=0.2)
    address = sign_in.service.consent(sign_in.begin())
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.cookies = sign_in.browser.cookies
    found: list[int] = []

    def come_back(browser: Client) -> None:
        found.append(sign_in.come_back(address, browser).status_code)
        connection.close()

    threads = [threading.Thread(target=come_back, args=[browser]) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [200, 400]
    assert sign_in.service.asked == ["authorization_code"]


def test_a_state_expires(sign_in: SignIn) -> None:
    address = sign_in.service.consent(sign_in.begin())
    Authorisation.everywhere.update(expires_at=timezone.now())

    assert sign_in.come_back(address).status_code == 400
    assert sign_in.service.asked == []


def test_nobody_else_can_bring_it_back(sign_in: SignIn, acme: Tenant) -> None:
    address = sign_in.service.consent(sign_in.begin())
    other = Client()
    other.force_login(join(acme, "edith", Role.EDITOR))

    assert sign_in.come_back(address, other).status_code == 400
    assert sign_in.come_back(address).status_code == 200


def test_another_session_of_the_same_person_cannot_either(sign_in: SignIn) -> None:
    address = sign_in.service.consent(sign_in.begin())
    other = Client()
    other.force_login(sign_in.user)

    assert sign_in.come_back(address, other).status_code == 400


def test_it_belongs_to_the_tenant_that_it_was_begun_in(sign_in: SignIn, globex: Tenant) -> None:
    address = sign_in.service.consent(sign_in.begin())
    Member.everywhere.create(tenant=globex, user=sign_in.user, role=Role.ADMIN)
    sign_in.browser.post("/tenant", {"tenant": "globex"})

    assert sign_in.come_back(address).status_code == 400
    assert not Grant.everywhere.exists()


def test_who_may_no_longer_edit_cannot_finish(sign_in: SignIn) -> None:
    address = sign_in.service.consent(sign_in.begin())
    Member.everywhere.filter(user=sign_in.user).update(role=Role.VIEWER)

    assert sign_in.come_back(address).status_code == 403


def test_a_denied_consent_is_said_and_changes_nothing(sign_in: SignIn) -> None:
    before = sign_in.complete()

    answer = sign_in.come_back(sign_in.service.consent(sign_in.begin(), allow=False))

    assert answer.status_code == 400
    assert "did not allow it" in answer.content.decode()
    assert (sign_in.grant.revision, sign_in.shown[0]) == (before.revision, "verified")
    assert AuditEvent.everywhere.filter(verb="was denied").exists()


def test_what_the_service_says_is_shown_as_text(sign_in: SignIn) -> None:
    state = query_of(sign_in.begin())["state"]
    said = {"error": "server\x00error", "error_description": "<script>alert(1)</script>\x00" + "x" * 9000}

    answer = sign_in.browser.get("/connectors/sign_in/authorised", {"state": state, **said})

    assert answer.status_code == 400
    assert "<script>alert" not in answer.content.decode()
    assert "&lt;script&gt;" in answer.content.decode()


def test_scopes_that_were_not_granted_are_named(sign_in: SignIn) -> None:
    grant = sign_in.complete(scope="read")

    status, facts = sign_in.shown
    assert grant.scopes == ["read"]
    assert (status, facts.state, facts.missing_scopes) == ("verified", "scopes_missing", ["write"])
    assert "write" in facts.fix


def test_a_connector_that_needs_more_says_what_is_missing(sign_in: SignIn) -> None:
    sign_in.complete()
    more = {"auth": {**sign_in.credential.data["auth"], "scope": "read write admin"}}

    credentials.update(credential=sign_in.credential, by=None, data=more)

    assert sign_in.shown[1].missing_scopes == ["admin"]


def test_to_authorise_again_keeps_the_credential_and_replaces_the_tokens(sign_in: SignIn) -> None:
    first = sign_in.complete()

    second = sign_in.complete(scope="read")

    assert (first.pk, first.credential_id) == (second.pk, second.credential_id)
    assert first.tokens["access_token"] != second.tokens["access_token"]
    assert Credential.everywhere.count() == 1
    before_and_after = AuditEvent.everywhere.filter(verb="authorised").order_by("-at").values_list("before", "after")
    assert before_and_after[0] == ({"scopes": ["read", "write"]}, {"scopes": ["read"]})


def test_no_token_is_in_the_trail_or_on_a_page(sign_in: SignIn) -> None:
    grant = sign_in.complete()

    trail = str(list(AuditEvent.everywhere.values()))
    page = sign_in.browser.get(f"/credentials/{sign_in.credential.pk}/authorise").content.decode()
    for secret in (*grant.tokens.values(), CLIENT_SECRET):
        assert not secret or (secret not in trail and secret not in page)


def test_a_credential_that_was_changed_meanwhile_is_begun_again(sign_in: SignIn) -> None:
    address = sign_in.service.consent(sign_in.begin())
    auth = auth_of(sign_in.service, token_url=f"{sign_in.service.url}/elsewhere")
    credentials.update(credential=sign_in.credential, by=None, data={"auth": auth})

    answer = sign_in.come_back(address)

    assert answer.status_code == 400
    assert "was changed meanwhile" in answer.content.decode()
    assert sign_in.service.asked == []


def test_tokens_do_not_follow_to_another_token_url(sign_in: SignIn) -> None:
    sign_in.complete()
    auth = auth_of(sign_in.service, token_url="http://127.0.0.1:1/token")

    credentials.update(credential=sign_in.credential, by=None, data={"auth": auth})

    status, facts = sign_in.shown
    assert (status, facts.detail) == ("needs_authorisation", grants.CHANGED)
    assert not sign_in.grant.has_tokens


def test_a_token_url_that_redirects_gets_no_second_chance_to_send_the_code_away(
    sign_in: SignIn, make_credential: Callable[..., Credential], alice: User
) -> None:
    with served(lambda *_: (307, {"Location": f"{sign_in.service.url}/token"}, b"")) as thief:
        credential = make_credential(auth_of(sign_in.service, token_url=f"{thief.url}/token"), name="Other")
        other = SignIn(sign_in.service, credential, alice)

        answer = other.come_back(other.service.consent(other.begin()))

    assert answer.status_code == 400
    assert (len(thief.asked), sign_in.service.asked) == (1, [])


def test_a_service_that_gives_nothing_to_renew_with_says_when_it_ends(
    sign_in: SignIn, make_credential: Callable[..., Credential], alice: User
) -> None:
    with served(lambda *_: (200, {}, b'{"access_token": "t", "expires_in": 60}')) as brief:
        credential = make_credential(auth_of(sign_in.service, token_url=f"{brief.url}/token"), name="Brief")
        other = SignIn(sign_in.service, credential, alice)
        other.come_back(other.service.consent(other.begin()))

    credential.refresh_from_db()
    status, facts = other.shown
    assert (status, facts.state, facts.renews) == ("verified", "ok", False)
    assert credential.expires_at == facts.expires_at and other.grant.renew_at is None
    Credential.everywhere.update(expires_at=timezone.now())
    assert other.shown[0] == "expired"


def test_a_network_that_is_lost_at_the_end_is_said(sign_in: SignIn, make_credential: Any, alice: User) -> None:
    credential = make_credential(auth_of(sign_in.service, token_url="http://127.0.0.1:1/token"), name="Other")
    other = SignIn(sign_in.service, credential, alice)

    answer = other.come_back(other.service.consent(other.begin()))

    assert answer.status_code == 400
    assert "Nothing listens at 127.0.0.1:1" in answer.content.decode()


def test_the_pages_lead_there_and_back(sign_in: SignIn) -> None:
    door = f"/credentials/{sign_in.credential.pk}/authorise"
    assert "Sign in at" in sign_in.browser.get(door).content.decode()

    leaving = sign_in.browser.post(door).context["to"]
    answer = sign_in.come_back(sign_in.service.consent(leaving))

    assert answer.status_code == 200
    assert "The service granted: read, write" in sign_in.browser.get(door).content.decode()


def test_a_service_whose_clock_is_wrong_is_signed_in_at_all_the_same(sign_in: SignIn) -> None:
    sign_in.service.set(ahead=7200)

    grant = sign_in.complete()

    assert timedelta(seconds=3500) < grant.expires_at - timezone.now() <= timedelta(seconds=3600)
