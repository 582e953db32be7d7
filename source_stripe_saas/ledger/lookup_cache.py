"""An id -> a price, a coupon or a customer's discount as it is now, asked for once in a sync."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from source_stripe_saas.api.address import NoAddress, object_path
from source_stripe_saas.api.client import StripeClient
from source_stripe_saas.api.listing import ListReader
from source_stripe_saas.api.raw_object import ListedObject, RawObject
from source_stripe_saas.api.refusal import NotFound, StripeError
from source_stripe_saas.ledger.codec import decoded, encoded
from source_stripe_saas.streams.plan import StreamPlan

_SINGLY = 2
"""So many are asked for one by one before a page of the list might save requests."""

_UNKNOWN = object()


class LookupCache(Mapping[str, Any]):
    """A catalog that fetches what is looked up in it, each id once; safe to use from many threads.

    How many ids will be wanted, and how long the list is, is not known beforehand. So after the
    first few each further id takes a page of the list first, and is asked for alone if it is not
    there: at most twice as many requests as there are ids wanted, and as the list has pages.
    """

    def __init__(
        self, client: StripeClient, plan: StreamPlan, *, expand: tuple[str, ...] | None = None
    ) -> None:
        """Nothing has been asked for yet.

        Args:
            client: asks Stripe.
            plan: of the stream of such objects.
            expand: asks for each object alone, with these expanded; None: as the plan says, and
                by pages where that may save requests.
        """
        self._client, self._path = client, plan.path
        self._expand = plan.expand if expand is None else expand
        self._pages = _pages(client, plan) if expand is None else iter(())
        self._found: dict[str, Any] = {}
        self._refused: dict[str, StripeError] = {}
        self._misses = 0
        self._lock = threading.Lock()

    def __getitem__(self, identity: str) -> Any:
        found = self._found.get(identity, _UNKNOWN)
        if found is _UNKNOWN:
            with self._lock:
                found = self._looked_up(identity)
        if found is None:
            raise KeyError(identity)
        return found

    def _looked_up(self, identity: str) -> Any:
        if identity not in self._found:
            self._misses += 1
            if self._misses > _SINGLY:
                for row in next(self._pages, ()):
                    self._found.setdefault(row["id"], _content(row))
        if identity in self._refused:
            raise self._refused[identity]
        if identity not in self._found:
            try:
                found = fetch_object(self._client, self._path, identity, self._expand)
            except StripeError as error:
                self._refused[identity] = error
                raise
            self._found[identity] = found
        return self._found[identity]

    def __contains__(self, identity: object) -> bool:
        try:
            return isinstance(identity, str) and bool(self[identity])
        except KeyError:
            return False

    def __bool__(self) -> bool:
        return True  # however little has been asked for yet

    def __iter__(self) -> Iterator[str]:
        return iter([key for key, found in self._found.items() if found is not None])

    def __len__(self) -> int:
        return len(list(iter(self)))


class CustomerDiscounts(LookupCache):
    """Customers' discounts, asked for one by one; None for those without."""

    def __init__(self, client: StripeClient, plan: StreamPlan) -> None:
        super().__init__(client, plan, expand=())

    def __getitem__(self, identity: str) -> Any:
        try:
            return super().__getitem__(identity).get("discount")
        except KeyError:
            return None  # a deleted customer

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, str)


def fetch_object(
    client: StripeClient, collection: str, identity: str, expand: tuple[str, ...]
) -> Any:
    """An object by id, some of its references expanded; None if it is gone, or the id is none."""
    params = [("expand[]", path) for path in expand]
    try:
        path = object_path(collection, identity)
        body = client.get(path, params, endpoint=f"{collection}/*").body
    except (NoAddress, NotFound):
        return None
    return None if body.get("deleted") else decoded(encoded(body))


def _pages(client: StripeClient, plan: StreamPlan) -> Iterator[Sequence[ListedObject]]:
    """The list, newest first, variant by variant; a page is asked for when it is taken."""
    for variant in plan.variants:
        for page in ListReader(client, plan.listing(variant)).pages():
            yield page.objects


def _content(row: ListedObject) -> Any:
    return decoded(row.raw if isinstance(row, RawObject) else encoded(row))
