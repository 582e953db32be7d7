"""Applications registered at Stripe, which accounts may be connected to by OAuth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Application:
    """One application."""

    client_id: str
    """`ca_…`"""
    secret: str
    """The platform's secret key."""
    redirect_uris: tuple[str, ...]
    """Where accounts may be sent back to; compared letter by letter."""
    kind: Literal["connect", "app"] = "connect"
    """`connect`: tokens that last. `app`: an hour, and refresh tokens that count once."""

    @property
    def scope(self) -> str:
        """What its tokens are said to be for."""
        return "read_only" if self.kind == "connect" else "stripe_apps"


SANDBOX_APPLICATIONS = (
    Application("ca_sandboxConnect", "sk_test_sandboxconnect0001", ("http://127.0.0.1/callback",)),
    Application(
        "ca_sandboxApp", "sk_test_sandboxapp00000001", ("http://127.0.0.1/callback",), "app"
    ),
)
"""There without being registered; `POST /_sandbox/applications` changes or adds some."""
