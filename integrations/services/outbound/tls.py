"""The secure layer of a connection: is the certificate good, and for how long?"""

from __future__ import annotations

import socket
import ssl
import time

from django.utils.translation import gettext

from integrations.services.outbound.errors import OutboundError

DAY_SECONDS = 24 * 3600
EXPIRED, SELF_SIGNED, SELF_SIGNED_ROOT, NO_ISSUER, WRONG_HOST, WRONG_IP = 10, 18, 19, 20, 62, 64
FIXES = {
    EXPIRED: ("Its certificate has expired.", "Renew the certificate of the service."),
    SELF_SIGNED: ("Its certificate is signed by itself.", "Give the service a certificate of a known authority."),
    SELF_SIGNED_ROOT: ("Its certificate is signed by an unknown authority.", "Have the hub's machine trust it."),
    NO_ISSUER: ("Its certificate's issuer is unknown.", "Have the service send its whole chain of certificates."),
    WRONG_HOST: ("Its certificate is for another name.", "Use the name that the certificate is for."),
    WRONG_IP: ("Its certificate is for another address.", "Use the name that the certificate is for."),
}


def secure(link: socket.socket, host: str) -> tuple[ssl.SSLSocket, int]:
    """Shake hands and return the secure line with the days its certificate lasts. Raises `OutboundError`, `OSError`."""
    try:
        line = ssl.create_default_context().wrap_socket(link, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        detail, fix = FIXES.get(error.verify_code, ("Its certificate is not valid.", "Look at it with a browser."))
        raise OutboundError("tls", "certificate", detail, fix) from None
    except ssl.SSLError:
        raise OutboundError(
            "tls",
            "no_tls",
            gettext("It does not speak TLS as the hub does."),
            gettext("Check the port, or let the address begin with http."),
        ) from None
    return line, _days_left(line)


def _days_left(line: ssl.SSLSocket) -> int:
    certificate = line.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return int((ends - time.time()) // DAY_SECONDS)
