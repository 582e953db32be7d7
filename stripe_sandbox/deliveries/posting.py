"""Messages in; POST requests out, and what became of each back into the outbox."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from urllib.parse import urlsplit

from stripe_sandbox.deliveries.outbox import Message, Outbox

_SECONDS = 10
"""How long an endpoint may take to answer."""


def post_due(outbox: Outbox, lock: threading.RLock) -> Counter[int]:
    """Sends what is due, one after the other.

    Args:
        outbox: of the account.
        lock: the account's; it is not held while an endpoint is waited for.

    Returns:
        Status -> how many messages got it; 0 stands for no answer.
    """
    with lock:
        messages = outbox.due()
    answers: Counter[int] = Counter()
    for message in messages:
        status = post(message)
        answers[status] += 1
        with lock:
            if 200 <= status < 300:
                outbox.was_accepted(message)
            else:
                outbox.refused(message)
    return answers


def post(message: Message) -> int:
    """Sends one message; the status of the answer, 0 if none came."""
    parts = urlsplit(message.endpoint.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_SECONDS)
    try:
        connection.request("POST", parts.path or "/", message.body, message.headers())
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
