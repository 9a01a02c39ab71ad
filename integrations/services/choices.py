"""Choices that are asked for while somebody fills in a form.

A schema's `x-options` names the source: a text or an object that only the engine of the connector's type reads. An
engine that has choices keeps `engines.base.OffersChoices`; it is given the credential as a test is, and what was
entered so far. Nothing that goes wrong there is more than a notice: the value can be typed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from uuid import uuid4

import structlog
from django.utils.translation import gettext

from connectors.models import Connector
from integrations.domain import Choice, EngineError, Json, Plan
from integrations.engines import registry
from integrations.engines.base import OffersChoices
from integrations.masking import Mask
from integrations.models import Credential
from integrations.services import connections
from integrations.services.errors import Refused
from integrations.services.oauth2.errors import SignInError
from integrations.services.opening import Opened

log = structlog.get_logger(__name__)

LONGEST_SECONDS = 8.0
SPARE_SECONDS = 1.0
"""An engine that does not keep its time is waited for this much longer."""
MOST = 1000
TYPE_IT = "Type the value, or load again in a while."


def load(*, connector: Connector, credential: Credential | None, config: Json, source: str) -> list[Choice]:
    """Ask for at most so many choices of a source, which is a name or JSON.

    Raises `Refused`, in words that hold no secret; `vault.Unreadable`.
    """
    engine = registry.get(connector.type)
    if not isinstance(engine, OffersChoices):
        raise Refused(
            "no_choices", gettext("There are no choices to load for this connector."), fix=gettext("Type the value.")
        )
    opened = _opened(credential)
    plan = _plan(connector, opened)
    wanted: Any = json.loads(source) if source.startswith("{") else source
    try:
        found = _within(LONGEST_SECONDS, lambda: engine.choices(plan, wanted, config, LONGEST_SECONDS))
    except EngineError as error:
        mask, failure = Mask(opened.secrets), error.failure
        raise Refused(failure.code, mask.text(failure.message), fix=mask.text(failure.fix) or TYPE_IT) from None
    return [Choice(one.value, one.label or one.value, one.description) for one in found[:MOST]]


def _opened(credential: Credential | None) -> Opened:
    try:
        return connections.open_now(credential) if credential else Opened()
    except SignInError as error:
        raise Refused("sign_in", str(error), fix=error.failure.fix) from None


def _plan(connector: Connector, opened: Opened) -> Plan:
    return Plan(
        key=str(uuid4()),
        name=f"Choices of {connector.name}",
        template=connector.template,
        credential_map=connector.n8n_credentials,
        credential=opened.data,
    )


def _within(seconds: float, ask: Callable[[], Sequence[Choice]]) -> Sequence[Choice]:
    """The answer, or an error when it takes too long: what goes on in the thread then is waited for by nobody."""
    told: SimpleQueue[Sequence[Choice] | EngineError] = SimpleQueue()

    def work() -> None:
        try:
            told.put(ask())
        except EngineError as error:
            told.put(error)
        except Exception:
            log.exception("choices_failed")
            told.put(EngineError("The engine could not make sense of what it was told.", retryable=True))

    Thread(target=work, daemon=True, name="choices").start()
    try:
        answer = told.get(timeout=seconds + SPARE_SECONDS)
    except Empty:
        raise EngineError(f"No choices came within {seconds:.0f} seconds.", retryable=True, code="too_slow") from None
    if isinstance(answer, EngineError):
        raise answer
    return answer
