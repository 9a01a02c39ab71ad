"""Why a request could not be made."""

from __future__ import annotations

from django.utils.translation import gettext


class OutboundError(Exception):
    """`step` is how far it came: resolve, connect, tls or http. `fix` says what to do; neither holds a secret."""

    def __init__(self, step: str, code: str, detail: str, fix: str = "") -> None:
        super().__init__(detail)
        self.step = step
        self.code = code
        self.detail = detail
        self.fix = fix


def not_allowed(detail: str) -> OutboundError:
    fix = gettext("Use a public address, or have an administrator of the hub allow the network in HUB_OUTBOUND_ALLOW.")
    return OutboundError("resolve", "address_not_allowed", detail, fix)


def unreadable(detail: str, fix: str) -> OutboundError:
    return OutboundError("resolve", "address_unreadable", detail, gettext(fix))


def unencrypted() -> OutboundError:
    detail = gettext("The address is not encrypted, and secrets are sent to it.")
    return OutboundError("resolve", "address_unencrypted", detail, gettext("Let it begin with https://."))
