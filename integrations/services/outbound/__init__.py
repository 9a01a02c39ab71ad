"""Requests that the hub makes for a user, or has an engine make: never into its own network, unless an admin allows it.

`addresses` reads what a user typed as programs will, `networks` knows what is allowed, `exchange` sends.
"""

from integrations.services.outbound.addresses import Target, check, problem, target_of
from integrations.services.outbound.errors import OutboundError
from integrations.services.outbound.exchange import MOST_BYTES, Answer, Order, send

__all__ = ["MOST_BYTES", "Answer", "Order", "OutboundError", "Target", "check", "problem", "send", "target_of"]
