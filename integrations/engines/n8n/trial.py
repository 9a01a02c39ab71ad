"""n8n's own test of a credential, where its type has one."""

from __future__ import annotations

import structlog

from integrations.domain import EngineError, Plan, Verdict
from integrations.engines.n8n import failures
from integrations.engines.n8n.client import Client
from integrations.engines.n8n.credentials import translate
from integrations.engines.n8n.provisioning import id_of, remove_credential

log = structlog.get_logger(__name__)

CHECK = "Check the credential: are its fields right, and is the secret still valid?"
STEPS = {
    failures.HOST.code: "resolve",
    failures.ADDRESS.code: "resolve",
    failures.NETWORK.code: "connect",
    failures.CERTIFICATE.code: "tls",
}
NO_TEST = "No testing function found for this credential."


def attempt(client: Client, plan: Plan, seconds: float) -> Verdict | None:
    """Make the credential for the test alone: what n8n holds for runs is left as it is."""
    credential = translate(plan.credential_map, plan.credential)
    if not credential.type:
        return None
    made = id_of(plan.key, "trial")
    body = {"id": made, "name": f"Trial {made}", "type": credential.type, "data": credential.data}
    client.api("POST", "/credentials", body, seconds=seconds)
    try:
        answer = client.api("POST", f"/credentials/{made}/test", seconds=seconds).body
    finally:
        _remove(client, made)
    message = str(answer.get("message") or "")
    if message == NO_TEST:
        return None
    return Verdict(True, message) if answer.get("status") == "OK" else _refusal(message)


def _refusal(message: str) -> Verdict:
    """Tell what the service refused from what was never asked of it: n8n gives the network's code as its message."""
    kind = failures.ADDRESS if failures.SSRF in message else failures.kind_of(message)
    step = STEPS.get(kind.code)
    return Verdict(False, message, step, kind.fix) if step else Verdict(False, message, fix=CHECK)


def _remove(client: Client, made: str) -> None:
    try:
        remove_credential(client, made)
    except EngineError as error:
        log.warning("trial_credential_left", credential=made, reason=str(error))
