"""Objects of Stripe's test clocks: lists hide them, so events must not let them in either.

Only customers, subscriptions, invoices, quotes and a few more say which clock they belong to;
charges and the like are known by their customer. Live mode has no clocks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import Listing, ListReader
from source_stripe_saas.api.refusal import NotFound, PermissionRefused, StripeError

_OWNERS = ("id", "customer", "subscription", "invoice", "charge", "payment_intent")
"""Fields by which an object belongs to one that may be a clock's."""

SCOPES: Mapping[str, str] = {
    "charges": "customer",
    "checkout/sessions": "customer",
    "credit_notes": "customer",
    "customers": "test_clock",
    "invoiceitems": "customer",
    "invoices": "customer",
    "payment_intents": "customer",
    "payment_methods": "customer",
    "quotes": "test_clock",
    "setup_intents": "customer",
    "subscription_schedules": "customer",
    "subscriptions": "test_clock",
}
"""List -> the filter under which it shows objects of clocks; other lists have none."""

_log = logging.getLogger("airbyte.source_stripe_saas")


class TestClocks:
    """What one sync knows of an account's test clocks; any thread may ask."""

    __test__ = False  # no test, whatever its name begins with

    def __init__(
        self, client: StripeClient, *, are_included: bool = False, may_exist: bool = True
    ) -> None:
        """Knows nothing yet, and asks only if there is test data among the events.

        Args:
            client: asks Stripe.
            are_included: the config wants their objects.
            may_exist: False for live data.
        """
        self._client, self._may_exist = client, may_exist
        self.are_included = are_included and may_exist
        self._has_test_data = False
        self._hidden: set[str] = set()
        self._owners: dict[str, set[str]] = {}  # object of an event -> what it belongs to
        self._customers: dict[str, list[str]] | None = None
        self._failures: list[StripeError] = []
        self._lock = threading.Lock()

    def note(self, event: Mapping[str, Any]) -> None:
        """Takes an event: its object may say that it belongs to a clock."""
        subject = event["data"]["object"]
        if event.get("livemode") is False:
            self._has_test_data = True
            identity = _id(subject)
            if identity is not None:
                self._owners[identity] = {*self._owners.get(identity, ()), *_owners(subject)}
        if subject.get("test_clock"):
            self._hidden.update(filter(None, (_id(subject), _id(subject.get("customer")))))

    def hides(self, subject: Mapping[str, Any], *, may_ask: bool = True) -> bool:
        """True for an object of a clock, if these are not wanted.

        Args:
            subject: the object, or as much of it as is known.
            may_ask: False: by what is known so far, without a request; False may be wrong then.

        Raises:
            StripeError: it cannot be told, since the clocks could not be listed.
        """
        if self.are_included:
            return False
        is_known = self._knows(subject)
        if not is_known and may_ask and self._has_test_data:
            self.customers()
            is_known = self._knows(subject)
        identity = _id(subject)
        if is_known and identity is not None:
            self._hidden.add(identity)
        return is_known

    def _knows(self, subject: Mapping[str, Any]) -> bool:
        if subject.get("test_clock"):
            return True
        chain = list(_owners(subject))
        for one in chain:  # it grows: a refund's charge, the charge's customer
            if one in self._hidden:
                return True
            chain += self._owners.get(one, set()).difference(chain)
        return False

    def customers(self) -> Mapping[str, list[str]]:
        """Clock -> its customers; listed once.

        What the key may not list counts as none, unless it is wanted, and so does a list that does
        not exist. Any other failure is not remembered: it is raised to all that wait for this
        attempt, and the next one asks again.

        Raises:
            StripeError: they cannot be listed.
        """
        before = len(self._failures)
        with self._lock:
            if self._customers is not None:
                return self._customers
            if len(self._failures) > before:
                # It came while this thread waited; asking again would take the retry budget again.
                raise self._failures[-1]
            try:
                self._customers = self._all_customers()
            except StripeError as error:
                self._failures.append(error)
                raise
            self._hidden.update(one for some in self._customers.values() for one in some)
            return self._customers

    def _all_customers(self) -> dict[str, list[str]]:
        if not self._may_exist:
            return {}
        customers: dict[str, list[str]] = {}
        try:
            for clock in self._listed("test_helpers/test_clocks"):
                try:
                    customers[clock] = list(self._listed("customers", test_clock=clock))
                except NotFound:
                    continue  # it was deleted meanwhile, and its customers with it
        except (PermissionRefused, NotFound) as error:
            # Objects that name their clock are known still. What a proxy says is not Stripe's no.
            if self.are_included or not error.is_stripes:
                raise
            _log.info(
                "This key cannot list test clocks and their customers, so what events tell of "
                "these customers comes in, unless it names its clock. Stripe said: %s",
                error.message,
            )
        return customers

    def scopes(self, path: str) -> list[tuple[str, str]]:
        """The filters under which a list shows all objects of clocks; none if it shows none."""
        name = SCOPES.get(path)
        if name is None or not self.are_included:
            return []
        known = self.customers()
        values = known if name == "test_clock" else [one for some in known.values() for one in some]
        return [(name, value) for value in values]

    def _listed(self, path: str, **filters: str) -> Iterator[str]:
        listing = Listing(path, params=tuple(filters.items()), created_field=None)
        for page in ListReader(self._client, listing).pages():
            yield from (row["id"] for row in page.objects)


def _owners(subject: Mapping[str, Any]) -> set[str]:
    """Ids of an object and of what it says it belongs to."""
    return set(filter(None, (_id(subject.get(name)) for name in _OWNERS)))


def _id(value: Any) -> str | None:
    """The id that a field holds, as it is or inside the object."""
    identity = value.get("id") if isinstance(value, Mapping) else value
    return identity if isinstance(identity, str) else None
