from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from connectors.models import Connector
from integrations.domain import Trigger
from integrations.models import Credential, Grant, Integration, Run
from integrations.services import connections, credentials, renewal, requests
from integrations.services.errors import Busy
from integrations.services.oauth2 import exchange, grants
from integrations.services.oauth2.errors import NeedsAuthorisation, TokenError
from integrations.services.opening import opened
from integrations.testing import follow
from integrations.tests.oauth2.conftest import SignIn, age, auth_of, machine_of
from integrations.tests.oauth2.service import CLIENT_SECRET, OAuth2Service
from integrations.tests.outbound.serving import served
from tenants.models import AuditEvent, User

pytestmark = pytest.mark.django_db
MakeCredential = Callable[..., Credential]
MakeIntegration = Callable[..., Integration]


def token_of(credential: Credential, **how: Any) -> str:
    token: str = opened(Credential.everywhere.get(pk=credential.pk), **how).data["oauth2"]["access_token"]
    return token


def run(integration: Integration) -> Run:
    integration = Integration.everywhere.get(pk=integration.pk)
    return follow(requests.request(integration=integration, trigger=Trigger.API)[0])


def test_an_engine_is_given_the_access_token_and_nothing_that_lasts(sign_in: SignIn) -> None:
    grant = sign_in.complete()

    given = opened(sign_in.credential)

    assert given.data["oauth2"] == {"access_token": grant.tokens["access_token"], "token_type": "Bearer"}
    assert not [secret for secret in (grant.tokens["refresh_token"], CLIENT_SECRET) if secret in json.dumps(given.data)]
    assert CLIENT_SECRET in given.secrets
    assert grant.tokens["access_token"] in given.secrets
    assert grant.tokens["access_token"] not in repr(given)


def test_a_token_that_lives_is_used_as_it_is(sign_in: SignIn) -> None:
    grant = sign_in.complete()

    assert {token_of(sign_in.credential) for _ in range(3)} == {grant.tokens["access_token"]}
    assert sign_in.service.asked == ["authorization_code"]


def test_it_is_renewed_ahead_of_its_end_and_the_rotated_refresh_token_kept(sign_in: SignIn) -> None:
    first = sign_in.complete()
    age(first, 3100)
    second = token_of(sign_in.credential)
    age(first, 3100)
    third = token_of(sign_in.credential)

    assert len({first.tokens["access_token"], second, third}) == 3
    assert third == sign_in.service.live[-1]
    assert sign_in.service.asked == ["authorization_code", "refresh_token", "refresh_token"]
    assert sign_in.grant.tokens["refresh_token"] != first.tokens["refresh_token"]
    assert (sign_in.grant.scopes, sign_in.shown[1].state) == (["read", "write"], "ok")


def test_a_refresh_token_that_does_not_rotate_is_kept(sign_in: SignIn) -> None:
    sign_in.service.set(rotate=False)
    first = sign_in.complete()
    age(first)

    assert token_of(sign_in.credential) != first.tokens["access_token"]
    assert sign_in.grant.tokens["refresh_token"] == first.tokens["refresh_token"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_renew_once(sign_in: SignIn) -> None:
    age(sign_in.complete())
    sign_in.service.set(delay=0.4)
    found: list[str] = []

    def work() -> None:
        found.append(token_of(sign_in.credential, wait_seconds=5))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [sign_in.service.live[-1]] * 4
    assert sign_in.service.asked == ["authorization_code", "refresh_token"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("bells")
def test_a_run_waits_for_another_worker_that_renews(
    sign_in: SignIn, make_integration: MakeIntegration, connector: Connector
) -> None:
    grant = sign_in.complete()
    age(grant)
    lease = timezone.now() + timedelta(seconds=0.7)
    Grant.everywhere.filter(pk=grant.pk).update(leased_until=lease)

    ended = run(make_integration(connector=connector, credential=sign_in.credential))

    assert ended.state == "succeeded"
    assert sign_in.service.asked == ["authorization_code", "refresh_token"]


def test_a_token_that_still_lives_is_used_while_another_worker_renews(sign_in: SignIn) -> None:
    grant = sign_in.complete()
    age(grant, 3100)
    Grant.everywhere.filter(pk=grant.pk).update(leased_until=timezone.now() + timedelta(seconds=60))

    assert token_of(sign_in.credential) == grant.tokens["access_token"]
    age(grant)
    with pytest.raises(Busy):
        token_of(sign_in.credential)


def test_a_worker_that_died_while_it_renewed_holds_nobody_up(sign_in: SignIn) -> None:
    grant = sign_in.complete()
    age(grant)
    Grant.everywhere.filter(pk=grant.pk).update(leased_until=timezone.now() - timedelta(seconds=1))

    assert token_of(sign_in.credential) == sign_in.service.live[-1]


@pytest.mark.usefixtures("bells")
def test_a_revoked_refresh_token_fails_the_run_and_asks_for_a_person(
    sign_in: SignIn, make_integration: MakeIntegration, connector: Connector
) -> None:
    age(sign_in.complete())
    sign_in.service.set(revoke="refresh")

    ended = run(make_integration(connector=connector, credential=sign_in.credential))

    failure = ended.failure or {}
    assert (ended.state, failure["code"], failure["origin"]) == ("failed", "needs_authorisation", "settings")
    assert (failure["retryable"], ended.attempt) == (False, 1)
    assert "Authorise" in failure["fix"] and "invalid_grant" in failure["message"]
    status, facts = sign_in.shown
    assert (status, facts.state, facts.fix) == ("needs_authorisation", "needed", failure["fix"])
    assert AuditEvent.everywhere.filter(verb="lost authorisation").count() == 1


def test_after_it_was_revoked_to_authorise_again_mends_the_same_credential(sign_in: SignIn) -> None:
    grant = sign_in.complete()
    age(grant)
    sign_in.service.set(revoke="refresh")
    with pytest.raises(NeedsAuthorisation):
        token_of(sign_in.credential)
    with pytest.raises(NeedsAuthorisation):
        token_of(sign_in.credential)
    assert sign_in.service.asked.count("refresh_token") == 1

    again = sign_in.complete()

    assert (again.pk, token_of(sign_in.credential)) == (grant.pk, sign_in.service.live[-1])
    assert sign_in.shown[0] == "verified"


def test_whoever_authorises_while_the_old_token_is_refused_wins(sign_in: SignIn, monkeypatch: Any) -> None:
    age(sign_in.complete())
    refresh = exchange.refresh

    def overtaken(*args: Any) -> Any:
        sign_in.service.set(revoke="refresh")
        sign_in.complete()
        return refresh(*args)

    monkeypatch.setattr(exchange, "refresh", overtaken)

    assert token_of(sign_in.credential) == sign_in.service.live[-1]
    assert sign_in.shown[0] == "verified"


def test_a_worker_that_outlived_its_lease_overwrites_nothing_newer(sign_in: SignIn, monkeypatch: Any) -> None:
    age(sign_in.complete())
    refresh = exchange.refresh

    def slow(*args: Any) -> Any:
        answer = refresh(*args)
        sign_in.complete()
        return answer

    monkeypatch.setattr(exchange, "refresh", slow)

    assert token_of(sign_in.credential) == sign_in.grant.tokens["access_token"] == sign_in.service.live[-1]


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_for_a_moment_costs_no_refresh_token(sign_in: SignIn, monkeypatch: Any) -> None:
    age(sign_in.complete())
    take, tries = grants._take, []

    def failing(*args: Any) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("the database is away")
        take(*args)

    monkeypatch.setattr(grants, "_take", failing)

    assert token_of(sign_in.credential) == sign_in.service.live[-1]
    assert len(tries) == 3


@pytest.mark.usefixtures("bells")
def test_a_lost_network_is_tried_again_until_it_is_back(
    sign_in: SignIn, make_integration: MakeIntegration, connector: Connector, monkeypatch: Any
) -> None:
    age(sign_in.complete())
    refresh, tries = exchange.refresh, []

    def flaky(*args: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            sent = exchange._unreachable(exchange.OutboundError("connect", "refused", "Nothing listens.", "Start it."))
            raise sent
        return refresh(*args)

    monkeypatch.setattr(exchange, "refresh", flaky)

    ended = run(make_integration(connector=connector, credential=sign_in.credential))

    assert (ended.state, ended.attempt, len(tries)) == ("succeeded", 1, 3)


def test_a_network_that_stays_lost_is_a_failure_that_may_pass(
    make_credential: MakeCredential, service: OAuth2Service
) -> None:
    with served(lambda *_: (200, {}, b"{}")) as gone:
        url = gone.url
    credential = make_credential(machine_of(service, token_url=f"{url}/token"), name="Machine")

    with pytest.raises(TokenError) as caught:
        token_of(credential)

    failure = caught.value.failure
    assert (failure.code, failure.origin, failure.retryable) == ("network", "network", True)
    assert "Nothing listens" in failure.message


def test_a_service_that_fails_is_no_reason_to_stop_while_the_token_lives(sign_in: SignIn) -> None:
    grant = sign_in.complete()
    age(grant, 3100)
    sign_in.service.set(fail=503)

    assert token_of(sign_in.credential) == grant.tokens["access_token"]
    facts = sign_in.shown[1]
    assert facts.state == "failing" and "HTTP 503" in facts.detail
    age(grant)
    with pytest.raises(TokenError, match="HTTP 503") as caught:
        token_of(sign_in.credential)
    assert (caught.value.failure.origin, caught.value.retryable) == ("service", True)


@pytest.mark.parametrize("ahead", [-7200, 7200])
def test_a_service_whose_clock_differs_is_renewed_by_ours(sign_in: SignIn, ahead: int) -> None:
    sign_in.service.set(ahead=ahead)
    grant = sign_in.complete()
    token_of(sign_in.credential)
    assert sign_in.service.asked == ["authorization_code"]

    age(grant)

    assert token_of(sign_in.credential) == sign_in.service.live[-1]


def test_a_token_of_seconds_is_used_once_and_no_tick_renews_it_on_and_on(sign_in: SignIn) -> None:
    sign_in.service.set(lifetime=1)
    sign_in.complete()

    first, second = token_of(sign_in.credential), token_of(sign_in.credential)

    assert first != second == sign_in.service.live[-1]
    assert renewal.renew_due() == 0


def test_one_that_cannot_be_renewed_ends_and_says_so(sign_in: SignIn) -> None:
    grant = sign_in.complete()
    past = timezone.now() - timedelta(seconds=1)
    Grant.everywhere.filter(pk=grant.pk).update(renewable=False, expires_at=past, renew_at=None)

    assert sign_in.shown[0] == "expired"
    with pytest.raises(NeedsAuthorisation, match="has ended"):
        token_of(sign_in.credential)


def test_a_credential_that_nobody_authorised_fails_its_runs_in_words(sign_in: SignIn) -> None:
    with pytest.raises(NeedsAuthorisation, match="Nobody has authorised it yet"):
        token_of(sign_in.credential)


def test_the_tick_renews_what_ends_soon_and_nothing_else(sign_in: SignIn, make_credential: Any, alice: User) -> None:
    soon = sign_in.complete()
    later = SignIn(sign_in.service, make_credential(auth_of(sign_in.service), name="Later"), alice).complete()
    age(soon, 3100)

    assert (renewal.renew_due(), renewal.renew_due()) == (1, 0)

    assert sign_in.grant.tokens["access_token"] == sign_in.service.live[-1]
    assert Grant.everywhere.get(pk=later.pk).revision == later.revision


def test_one_that_fails_is_tried_later_and_holds_up_no_other(
    sign_in: SignIn, make_credential: Any, alice: User
) -> None:
    broken = SignIn(sign_in.service, make_credential(auth_of(sign_in.service), name="Broken"), alice)
    gone = broken.complete()
    age(gone, 3300)
    age(sign_in.complete(), 3100)
    row = Credential.everywhere.get(pk=broken.credential.pk)
    row.data = {"auth": auth_of(sign_in.service, client_secret="wrong")}
    row.save()

    assert renewal.renew_due() == 1

    gone.refresh_from_db()
    assert gone.renew_at and gone.renew_at > timezone.now() + timedelta(seconds=30)
    assert (gone.has_tokens, broken.shown[1].state) == (True, "failing")
    assert "does not know the OAuth client" in broken.shown[1].detail


def test_a_renewal_is_in_no_editors_way_and_says_nothing_of_the_credential(sign_in: SignIn) -> None:
    age(sign_in.complete())
    before = Credential.everywhere.get(pk=sign_in.credential.pk)

    renewal.renew_due()

    after = Credential.everywhere.get(pk=sign_in.credential.pk)
    assert (before.updated_at, before.revision) == (after.updated_at, after.revision)


def test_a_client_gets_its_token_when_it_is_needed_and_keeps_it(
    service: OAuth2Service, make_credential: MakeCredential
) -> None:
    credential = make_credential(machine_of(service))
    assert service.asked == []

    assert token_of(credential) == token_of(credential) == service.live[-1]
    age(Grant.everywhere.get())
    assert renewal.renew_due() == 0  # nothing runs with it
    assert token_of(credential) == service.live[-1]
    assert service.asked == ["client_credentials", "client_credentials"]


def test_a_client_with_a_new_secret_asks_anew(service: OAuth2Service, make_credential: MakeCredential) -> None:
    credential = make_credential(machine_of(service))
    token_of(credential)

    credentials.update(credential=credential, by=None, data={"auth": machine_of(service, client_secret="wrong")})

    with pytest.raises(TokenError, match="does not know the OAuth client") as caught:
        token_of(credential)
    assert (caught.value.failure.origin, caught.value.retryable) == ("settings", False)


@pytest.mark.parametrize("client_in", ["header", "body"])
def test_a_client_is_named_where_the_service_looks(
    service: OAuth2Service, make_credential: MakeCredential, client_in: str
) -> None:
    assert token_of(make_credential(machine_of(service, client_in=client_in))) == service.live[-1]
    assert [each["in"] for each in service._told()["asked"]] == [client_in]


@pytest.mark.usefixtures("bells")
def test_a_token_that_a_service_refuses_early_is_renewed_for_the_next_attempt(
    sign_in: SignIn, make_integration: MakeIntegration, connector: Connector, monkeypatch: Any
) -> None:
    first = sign_in.complete().tokens["access_token"]
    monkeypatch.setattr("integrations.services.failures.retry_after", lambda *_: timedelta(0))
    refused = {"code": "credential_refused", "origin": "settings", "detail": {"http_status": 401}}
    integration = make_integration({"failure": refused}, connector=connector, credential=sign_in.credential)

    ended = run(integration)

    assert (ended.state, ended.attempt) == ("failed", integration.max_attempts)
    assert sign_in.service.asked.count("refresh_token") >= 1
    assert sign_in.grant.tokens["access_token"] != first


def test_a_test_of_the_connection_uses_the_token(
    sign_in: SignIn, make_integration: MakeIntegration, connector: Connector
) -> None:
    grant = sign_in.complete()
    integration = make_integration(
        {"url": sign_in.service.url, "path": "records"}, connector=connector, credential=sign_in.credential
    )

    report = connections.try_integration(integration=integration, by=None)

    assert report.ok, report
    assert sign_in.service.shown == [grant.tokens["access_token"]]


def test_a_test_before_anybody_signed_in_says_who_must(
    sign_in: SignIn, make_integration: MakeIntegration, connector: Connector
) -> None:
    integration = make_integration({"url": sign_in.service.url}, connector=connector, credential=sign_in.credential)

    report = connections.try_integration(integration=integration, by=None)

    assert [(stage.name, stage.ok) for stage in report.stages] == [("authenticate", False)]
    assert "Authorise" in report.stages[0].fix
