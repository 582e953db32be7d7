"""Whether an account still lets us in: asked of Stripe, whatever a delivery said."""

from __future__ import annotations

import logging

from source_stripe_saas.api.access import Access
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.refusal import KeyRefused, StripeError
from source_stripe_saas.connection.account import describe_own
from stripe_saas_service.connect.ending import mark_revoked
from stripe_saas_service.connect.stripe_oauth import OAuthFailed
from stripe_saas_service.connect.tokens import NotConnected, key_of
from stripe_saas_service.service import Service

_LOGGER = logging.getLogger(__name__)


def look(service: Service, connection_id: str, *, by: str) -> bool:
    """Asks Stripe for the account; marks the connection as revoked if it is refused.

    A delivery may be late, from before the account was connected again: what counts is what Stripe
    says now.

    Args:
        service: the parts.
        connection_id: of a connection.
        by: how the question came up; see `mark_revoked`.

    Returns:
        True if the account lets us in, or Stripe could not be asked.
    """
    try:
        key = key_of(service, connection_id)
        return _lets_in(service, key) or _renewed_lets_in(service, connection_id, key, by)
    except NotConnected:
        return False
    except (OAuthFailed, StripeError) as error:
        _LOGGER.warning("%s was not asked: %s", connection_id, type(error).__name__)
        return True


def _renewed_lets_in(service: Service, connection_id: str, refused: str, by: str) -> bool:
    """The same with a new token, as the old one may only have expired."""
    try:
        if _lets_in(service, key_of(service, connection_id, refused=refused)):
            return True
    except NotConnected:
        pass
    with service.store.writing() as session:
        mark_revoked(session, connection_id, by=by)
    return False


def _lets_in(service: Service, key: str) -> bool:
    try:
        describe_own(StripeClient(Access(key, service.settings.api_url), attempts=2))
    except KeyRefused:
        return False
    return True
