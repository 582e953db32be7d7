"""Ordered rows, a selection and a cursor in; one page of rows out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from stripe_sandbox.refusals import bad_request, missing_object
from stripe_sandbox.server.filters import Condition
from stripe_sandbox.server.query import Parameters
from stripe_sandbox.store import Row, Store, StripeObject

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


@dataclass(frozen=True)
class Cursor:
    """Where a page begins and how long it is."""

    limit: int = DEFAULT_LIMIT
    starting_after: str | None = None
    ending_before: str | None = None

    @classmethod
    def of(cls, parameters: Parameters) -> Cursor:
        """Reads the paging parameters.

        Raises:
            Refusal: the limit is out of bounds, or both cursors are given.
        """
        limit = parameters.get("limit", DEFAULT_LIMIT)
        if limit < 1:
            raise _bad_limit(f"This value must be greater than or equal to 1 (it is '{limit}').")
        if limit > MAX_LIMIT:
            raise _bad_limit(f"This value must be less than or equal to 100 (it is '{limit}').")
        if "starting_after" in parameters and "ending_before" in parameters:
            raise bad_request(
                "You can only specify one of these parameters: starting_after, ending_before."
            )
        return cls(limit, parameters.get("starting_after"), parameters.get("ending_before"))


def created_bounds(parameters: Parameters) -> tuple[int | None, int | None]:
    """Inclusive lower and upper bound of `created`."""
    value = parameters.get("created")
    if value is None:
        return None, None
    if not isinstance(value, dict):
        return value, value
    lower = [value["gte"]] if "gte" in value else []
    lower += [value["gt"] + 1] if "gt" in value else []
    upper = [value["lte"]] if "lte" in value else []
    upper += [value["lt"] - 1] if "lt" in value else []
    return max(lower, default=None), min(upper, default=None)


def span(rows: Sequence[Row], lower: int | None, upper: int | None) -> tuple[int, int]:
    """First and last-but-one position of newest-first rows with lower <= created <= upper."""
    start = 0 if upper is None else bisect_left(rows, -upper, key=lambda row: -row.created)
    stop = len(rows)
    if lower is not None:
        stop = bisect_right(rows, -lower, key=lambda row: -row.created)
    return start, max(start, stop)


@dataclass(frozen=True)
class Listing:
    """Rows in the order Stripe lists them."""

    rows: Sequence[Row]
    names: tuple[str, ...]
    """Object names of the rows."""
    is_newest_first: bool = True

    def position(self, store: Store, identity: str) -> int | None:
        """Where the object with this id stands, None if it does not."""
        if not self.is_newest_first:
            for position, row in enumerate(self.rows):
                if row.content["id"] == identity:
                    return position
            return None
        for name in self.names:
            wanted = store.rows.get(name, {}).get(identity)
            if wanted is not None:
                position = bisect_left(self.rows, _order(wanted), key=_order)
                if position < len(self.rows) and self.rows[position] is wanted:
                    return position
        return None


def page(
    store: Store,
    listing: Listing,
    bounds: tuple[int, int],
    conditions: Sequence[Condition],
    cursor: Cursor,
    noun: str,
) -> tuple[list[StripeObject], bool]:
    """One page's objects and whether more follow.

    Args:
        store: where the rows are from.
        listing: the rows.
        bounds: the part of them to look at.
        conditions: what each object must satisfy; the cursor's object too.
        cursor: where to begin, and how many to return.
        noun: what Stripe calls the objects.

    Raises:
        Refusal: the cursor's object is not among those selected.
    """
    rows = listing.rows
    start, stop = bounds
    step = 1
    position = start
    identity = cursor.starting_after or cursor.ending_before
    if identity is not None:
        param = "starting_after" if cursor.starting_after else "ending_before"
        found = listing.position(store, identity)
        if found is None or not start <= found < stop or not _fits(rows[found].content, conditions):
            raise missing_object(noun, identity, param=param, status=400)
        step = 1 if cursor.starting_after else -1
        position = found + step
    taken: list[StripeObject] = []
    while start <= position < stop:
        content = rows[position].content
        if _fits(content, conditions):
            if len(taken) == cursor.limit:
                return (taken if step == 1 else taken[::-1]), True
            taken.append(content)
        position += step
    return (taken if step == 1 else taken[::-1]), False


def _fits(content: StripeObject, conditions: Sequence[Condition]) -> bool:
    return all(condition(content) for condition in conditions)


def _order(row: Row) -> tuple[int, int]:
    return -row.created, -row.sequence


def _bad_limit(message: str) -> Exception:
    return bad_request(message, code="parameter_invalid_integer", param="limit")
