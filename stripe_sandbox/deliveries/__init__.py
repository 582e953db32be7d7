"""An account's events on their way to webhook endpoints, and what attackers send there.

What is not known of Stripe, and how it is done here: how long it waits before each retry (the steps
of `endpoint.py`); what else a thin event says than its reference (`thin.py`: the fields of Stripe's
published examples); in which order it delivers events of one second (in order of their making).
Signatures carry the machine's time, as receivers compare it with theirs; all else goes by the
account's clock.
"""

from stripe_sandbox.deliveries.endpoint import Endpoint
from stripe_sandbox.deliveries.mishaps import KINDS, Mishaps
from stripe_sandbox.deliveries.outbox import Message, Outbox
from stripe_sandbox.deliveries.signature import signature_header

__all__ = ["KINDS", "Endpoint", "Message", "Mishaps", "Outbox", "signature_header"]
