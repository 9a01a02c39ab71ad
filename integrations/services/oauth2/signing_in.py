"""A person signs in at the service and comes back with a code: authorization code with PKCE (RFC 6749, 7636).

What comes back counts once, for a while, for the user, tenant and session that began it, and only with the client and
the URLs that it was begun with.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from connectors.models import Connector
from connectors.oauth2 import CODE
from integrations.domain import EngineError
from integrations.models import Authorisation, Credential, Grant
from integrations.services import outbound, references
from integrations.services.errors import Refused
from integrations.services.oauth2 import exchange, grants, setups
from integrations.services.oauth2.setups import Setup
from integrations.services.outbound import OutboundError
from tenants.models import User
from tenants.services import audit

MINUTES = 10
KEPT = timedelta(days=1)
AGAIN = gettext_noop("Begin again on the credential's page.")
LONGEST_WORDS = 200


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the person, until when it works, and what will be asked for there."""

    url: str
    redirect_uri: str
    expires_at: datetime
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """What the service sent back with the person."""

    state: str
    code: str = ""
    error: str = ""
    error_description: str = ""


def path_back(connector: Connector) -> str:
    """Where the service sends people back to. Each connector has its own: a service must not pass for another one."""
    return reverse("authorised", args=[connector.slug])


def begin(*, credential: Credential, user: User, session_key: str, redirect_uri: str) -> Begun:
    """Raises `Refused`, `vault.Unreadable`. Without a session key it was begun by a program, for its user."""
    setup = _setup(credential)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    expires_at = timezone.now() + timedelta(minutes=MINUTES)
    with transaction.atomic():
        Authorisation(
            tenant_id=credential.tenant_id,
            credential=credential,
            user=user,
            sha256=_sha256(state),
            session_sha256=_sha256(session_key) if session_key else "",
            setup=_mark(setup),
            redirect_uri=redirect_uri,
            verifier=verifier,
            expires_at=expires_at,
        ).save(force_insert=True)
    return Begun(_url(setup, state, verifier, redirect_uri), redirect_uri, expires_at, setup.scopes)


def finish(*, connector: Connector, user: User, session_key: str, returned: Returned) -> Grant:
    """Keep what the person allowed. The entered tenant is the one that it must have been begun in.

    Raises `Refused` in words, whatever went wrong.
    """
    authorisation = _take_up(connector, user, session_key, returned.state)
    credential = authorisation.credential
    if returned.error or not returned.code:
        raise _denied(credential, user, returned)
    setup = _setup(credential)
    if _mark(setup) != authorisation.setup:
        raise Refused("setup_changed", gettext("The credential was changed meanwhile."), fix=gettext(AGAIN))
    asked_at = timezone.now()
    try:
        tokens = exchange.redeem(
            setup, code=returned.code, verifier=authorisation.verifier, redirect_uri=authorisation.redirect_uri
        )
    except EngineError as error:
        fix = f"{error.failure.fix} {gettext(AGAIN)}".strip()
        raise Refused("no_token", error.failure.message, fix=fix) from error
    return grants.keep(credential=credential, setup=setup, tokens=tokens, asked_at=asked_at, by=user)


def forget_old() -> None:
    Authorisation.everywhere.filter(expires_at__lt=timezone.now() - KEPT).delete()


def _setup(credential: Credential) -> Setup:
    connector = credential.connector
    try:
        data = references.resolve(credential, connector.credential_schema)
        setup = setups.of(connector, credential.tenant_id, data)
    except EngineError as error:
        raise Refused(error.failure.code, error.failure.message, fix=error.failure.fix) from error
    if setup is None or setup.kind != CODE:
        raise Refused("nothing_to_authorise", gettext("This credential needs nobody to sign in at a service."))
    return setup


def _url(setup: Setup, state: str, verifier: str, redirect_uri: str) -> str:
    try:
        is_page = outbound.target_of(setup.authorization_url).scheme in ("http", "https")
    except OutboundError:
        is_page = False
    if not is_page:
        raise Refused(
            "bad_authorization_url",
            gettext("The authorization URL is no web address."),
            fix=gettext("Correct the credential."),
        )
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        **setup.parameters,
        "response_type": "code",
        "client_id": setup.client.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(setup.scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    url = setup.authorization_url.partition("#")[0]
    return f"{url}{'&' if '?' in url else '?'}{urlencode({name: value for name, value in asked.items() if value})}"


def _take_up(connector: Connector, user: User, session_key: str, state: str) -> Authorisation:
    """Use the state up, in one statement: of two that come with it, one is late."""
    now = timezone.now()
    session = Q(session_sha256="") | Q(session_sha256=_sha256(session_key))
    mine = Authorisation.objects.filter(session, sha256=_sha256(state), user=user, credential__connector=connector)
    if not Authorisation.objects.filter(pk__in=mine.values("pk"), used_at=None, expires_at__gt=now).update(used_at=now):
        raise Refused(
            "unknown_state",
            gettext(
                "This sign-in was not begun by you in this organisation and browser, or it was used or has expired."
            ),
            fix=gettext(AGAIN),
        )
    return mine.select_related("credential__connector", "credential__tenant").get()


def _denied(credential: Credential, user: User, returned: Returned) -> Refused:
    """Say what the service says, in words that can be shown on a page and kept."""
    words = _plain(returned.error_description) or _plain(returned.error) or "it sent no code"
    after = {"error": _plain(returned.error)}
    audit.record(tenant_id=credential.tenant_id, actor=user, verb="was denied", subject=credential, after=after)
    if returned.error == "access_denied":
        return Refused(
            "consent_denied",
            gettext("You, or the service, did not allow it (%(words)s).") % {"words": words},
            fix=gettext(AGAIN),
        )
    return Refused(
        "sign_in_failed",
        gettext("The service broke the sign-in off: %(words)s.") % {"words": words},
        fix=gettext(AGAIN),
    )


def _plain(text: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in text[:LONGEST_WORDS])
    return " ".join(printable.split()).rstrip(". ")


def _mark(setup: Setup) -> str:
    """Also where the person is sent: a code of another place must not reach this one."""
    return _sha256(f"{setup.mark} {setup.authorization_url}")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
