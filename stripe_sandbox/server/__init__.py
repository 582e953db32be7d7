"""The HTTP side of the sandbox: an account in, an application that answers as Stripe's API out."""

from stripe_sandbox.server.app import Settings, build_app
from stripe_sandbox.server.running import running_sandbox, serve

__all__ = ["Settings", "build_app", "running_sandbox", "serve"]
