"""The HTTP side of the sandbox: an account in, an application that answers as Stripe's API out."""

from source_stripe_saas.sandbox.server.app import Settings, build_app
from source_stripe_saas.sandbox.server.running import running_sandbox, serve

__all__ = ["Settings", "build_app", "running_sandbox", "serve"]
