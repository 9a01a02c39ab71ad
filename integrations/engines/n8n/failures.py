"""Why an execution failed: whose side it is on, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integrations.domain import Failure, Json, Origin
from integrations.engines.n8n.execution import Execution

QUOTED_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class Kind:
    """A class of failures."""

    code: str
    origin: Origin
    fix: str
    is_passing: bool = False


CREDENTIAL = Kind(
    "credential_refused",
    Origin.SETTINGS,
    "Check the credential: is the secret still valid, and may it do this? Change it, then run again.",
)
NOT_FOUND = Kind(
    "not_found", Origin.SETTINGS, "Check the address and path in the settings; the service has nothing there."
)
REQUEST = Kind(
    "request_refused", Origin.SETTINGS, "The service did not take the request. Check the integration's settings."
)
BUSY = Kind(
    "rate_limited", Origin.SERVICE, "The service asks for fewer requests. Run less often, or try again later.", True
)
SERVICE = Kind(
    "service_failed", Origin.SERVICE, "The service itself failed. Try again later, or ask its operators.", True
)
HOST = Kind("host_unknown", Origin.SETTINGS, "No such host. Check the address in the settings for typing errors.")
ADDRESS = Kind(
    "address_not_allowed",
    Origin.SETTINGS,
    "Use a public address, or have an administrator allow the network: in HUB_OUTBOUND_ALLOW, and in n8n's "
    "N8N_SSRF_ALLOWED_IP_RANGES where the hub does not start n8n itself.",
)
NETWORK = Kind("network", Origin.NETWORK, "Check that the service is up and that n8n's machine can reach it.", True)
CERTIFICATE = Kind(
    "certificate", Origin.NETWORK, "The service's TLS certificate is not accepted; have it renewed or trusted."
)
NODE = Kind("node_failed", Origin.ENGINE, "The message names the node of the workflow; check the settings it reads.")

BY_STATUS = {401: CREDENTIAL, 403: CREDENTIAL, 404: NOT_FOUND, 408: NETWORK, 410: NOT_FOUND, 425: BUSY, 429: BUSY}
BY_NETWORK_CODE = {"ENOTFOUND": HOST, "EAI_AGAIN": NETWORK}
NETWORK_PREFIXES = ("ECONN", "ETIMEDOUT", "EHOST", "ENET", "EPIPE", "ESOCKET", "EPROTO")
CERTIFICATE_MARKS = ("CERT", "SELF_SIGNED", "UNABLE_TO_VERIFY")

SIGNED_OUT = ("reconnect the credential", "reconnect your credential", "OAuth credentials not connected")
"""How n8n says that a service did not take an OAuth token, once it has looked for a way to renew it in vain."""
SSRF = "(SSRF)"
"""n8n's own protection has no code for what it stops, only words."""

CRASHED = Failure(
    "engine_crashed",
    Origin.ENGINE,
    "n8n was restarted or killed while it worked on this run, and does not go on with it.",
    fix="It is tried again by itself; if that keeps happening, look at n8n's memory.",
    retryable=True,
)

KEPT_BACK = Failure(
    "result_kept_back",
    Origin.ENGINE,
    "n8n finished the work, yet does not hand over what it brought: it is too large, or n8n does not save executions.",
    fix="Set EXECUTIONS_DATA_MAX_DISPLAY_SIZE=0 and EXECUTIONS_DATA_SAVE_ON_SUCCESS=all in n8n, or read less at once.",
)


def explain(execution: Execution) -> Failure:
    """Return the failure of an execution that ended in an error.

    A Stop and Error node may tell it in its error object: {message, description, step, httpCode, retry_after}, or, for
    what no HTTP status says, {message, description, step, code, origin, fix, retryable}.
    """
    error = execution.error
    told = _object(_object(error.get("context")).get("metadata"))
    node = _object(error.get("node"))
    step = str(told.get("step") or node.get("name") or execution.last_node)
    # What a workflow within a workflow ran into stands behind what became of it.
    code = told.get("httpCode") or error.get("httpCode") or _object(error.get("errorResponse")).get("httpCode")
    kind = _told_kind(told) or _said_kind(error) or kind_of(code)
    return Failure(
        code=kind.code,
        origin=kind.origin,
        message=_message(step, _status(code), error),
        step=step,
        fix=kind.fix,
        retryable=kind.is_passing,
        detail=_detail(code, step, told),
    )


def kind_of(code: Any) -> Kind:
    """Tell a failure's class from an HTTP status or a code of the network."""
    if status := _status(code):
        if status >= 500:
            return SERVICE
        return BY_STATUS.get(status, REQUEST if status >= 400 else NODE)
    name = str(code or "").upper()
    if name in BY_NETWORK_CODE:
        return BY_NETWORK_CODE[name]
    if name.startswith(NETWORK_PREFIXES):
        return NETWORK
    return CERTIFICATE if any(mark in name for mark in CERTIFICATE_MARKS) else NODE


def _told_kind(told: Json) -> Kind | None:
    if not told.get("code"):
        return None
    origin = told.get("origin")
    known = Origin(origin) if origin in list(Origin) else Origin.ENGINE
    return Kind(str(told["code"]), known, str(told.get("fix") or NODE.fix), told.get("retryable") is True)


def _said_kind(error: Json) -> Kind | None:
    """Some failures have no code: n8n tells them in words alone."""
    words = f"{error.get('message')} {error.get('description')}"
    if _is_blocked(error):
        return ADDRESS
    return CREDENTIAL if any(mark in words for mark in SIGNED_OUT) else None


def _is_blocked(error: Json) -> bool:
    return SSRF in f"{error.get('message')} {error.get('description')}"


def _message(step: str, status: int | None, error: Json) -> str:
    if _is_blocked(error):
        return f"{step}: n8n did not send the request: its address is in a network that may not be called."
    words = str(error.get("description") or error.get("message") or "no reason given")[:QUOTED_CHARACTERS]
    if status and status >= 400:
        return f"{step}: the service answered HTTP {status}: {words}"
    message = str(error.get("message") or "no reason given")[:QUOTED_CHARACTERS]
    extra = f" ({words})" if words != message else ""
    return f"{step}: {message}{extra}"


def _detail(code: Any, step: str, told: Json) -> Json:
    found = {
        "http_status": _status(code),
        "network_code": None if _status(code) else code,
        "node": step,
        "retry_after": told.get("retry_after"),
    }
    return {name: value for name, value in found.items() if value}


def _status(code: Any) -> int | None:
    try:
        return int(code)
    except (TypeError, ValueError):
        return None


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
