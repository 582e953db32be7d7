"""A deleted coupon's discount -> the terms that fit all that Stripe still shows of it.

Invoices show only what a discount took off each line: whether it was a share or an amount, and
whether it would have continued, must be guessed. The ledger says which values of MRR each guess
leads to, so that a reader is wrong only where the API shows what is right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

from stripe_sandbox.company.ledger import LedgerEntry, half_up
from stripe_sandbox.company.people import Customer
from stripe_sandbox.company.valuation import Coupon, Discount, Part, Snapshot, Taken
from stripe_sandbox.company.world import World

HALF = Fraction(1, 2)
UNBOUNDED = 10**15
"""An amount off that takes everything, whatever there is."""


@dataclass(frozen=True)
class Guess:
    """Terms that fit, from those worth least to those worth most; None: no discount at all."""

    least: Coupon | None
    most: Coupon | None


def guesses(
    shown: Sequence[Taken],
    currency: str,
    *,
    is_held: bool,
    has_end: bool = False,
    is_amount: bool = False,
    own: Collection[str] | None = None,
) -> list[Guess]:
    """All terms of a discount that fit what is shown.

    Args:
        shown: what it took off the invoices that are there to be seen.
        currency: of those.
        is_held: whether the subscription, the item or the customer still has it, and with it the
            word whether it has an end.
        has_end: whether it has one, so that it does not count.
        is_amount: it is known to be an amount, if not how much in this currency.
        own: which of those invoices are this subscription's; None: all of them. A reader goes by
            these alone: what a customer's discount is on may only be seen on another subscription.
    """
    if is_held and has_end:
        return [Guess(None, None)]
    if not shown:
        # It may take anything, from nothing to all.
        return [Guess(None, _coupon(percent=Fraction(100)))]
    found: list[Guess] = [] if is_held else [Guess(None, None)]
    scopes = [None, _products(shown)]
    if own:
        scopes.append(_products(taken for taken in shown if taken.invoice in own))
    for scope in dict.fromkeys(scopes):
        share = None if is_amount else _share(shown, scope)
        amount = _amount(shown, currency, scope)
        found += [guess for guess in (share, amount) if guess is not None]
    return found


def _products(shown: Iterable[Taken]) -> frozenset[str]:
    return frozenset(taken.product for taken in shown if taken.product is not None)


def _share(shown: Sequence[Taken], scope: frozenset[str] | None) -> Guess | None:
    """A percentage that rounds to what was taken off every line."""
    low = max((taken.amount - HALF) / taken.base for taken in shown)
    high = min((taken.amount + HALF) / taken.base for taken in shown)
    low, high = max(low, Fraction(0)), min(high, Fraction(1))
    if low > high:
        return None
    return Guess(_coupon(percent=100 * low, scope=scope), _coupon(percent=100 * high, scope=scope))


def _amount(shown: Sequence[Taken], currency: str, scope: frozenset[str] | None) -> Guess | None:
    """An amount that every invoice has less of, unless there was no more to take."""
    sums: dict[str, tuple[int, int]] = {}
    for taken in shown:
        base, amount = sums.get(taken.invoice, (0, 0))
        sums[taken.invoice] = (base + taken.base, amount + taken.amount)
    partly = {amount for base, amount in sums.values() if amount < base}
    wholly = max((amount for base, amount in sums.values() if amount == base), default=0)
    if len(partly) > 1 or any(amount < wholly for amount in partly):
        return None
    least = next(iter(partly), wholly)
    most = least if partly else UNBOUNDED
    return Guess(
        _coupon(amounts={currency: least}, scope=scope),
        _coupon(amounts={currency: most}, scope=scope),
    )


def _coupon(
    *,
    percent: Fraction | None = None,
    amounts: Mapping[str, int] | None = None,
    scope: frozenset[str] | None = None,
) -> Coupon:
    return Coupon("guess", "forever", percent, amounts or {}, scope)


def admitted(
    snapshot: Snapshot, unknown: Mapping[str, Sequence[Guess]]
) -> tuple[tuple[int, int], ...]:
    """Lowest and highest MRR, in the smallest unit, under each combination of guesses.

    Args:
        snapshot: what the true value was worked out from.
        unknown: id of each discount whose terms can only be guessed -> the guesses.
    """
    names = [one.id for one in snapshot.discounts() if one.id in unknown]
    if not names or not snapshot.counts:
        return ()
    found = []
    for chosen in product(*(unknown[name] for name in names)):
        terms = dict(zip(names, chosen, strict=True))
        low = _with(snapshot, {name: guess.most for name, guess in terms.items()}).value()
        high = _with(snapshot, {name: guess.least for name, guess in terms.items()}).value()
        found.append((half_up(low), half_up(high)))
    return tuple(sorted(set(found)))


def _with(snapshot: Snapshot, terms: Mapping[str, Coupon | None]) -> Snapshot:
    """The same moment, under other terms."""

    def changed(discounts: Collection[Discount]) -> Iterator[Discount]:
        for one in discounts:
            if one.id not in terms:
                yield one
            elif (coupon := terms[one.id]) is not None:
                yield replace(one, coupon=coupon)

    parts = tuple(
        Part(part.price, part.quantity, tuple(changed(part.discounts))) for part in snapshot.parts
    )
    # A free period keeps the value that a reader saw before it, not the true one.
    return replace(snapshot, parts=parts, group=tuple(changed(snapshot.group)), cap=None)


class Doubts:
    """What can only be guessed in a company, at some moment."""

    def __init__(self, world: World, customers: Iterable[Customer], known_from: int) -> None:
        """Looks who holds what.

        Args:
            world: with the account as it is now.
            customers: all of them.
            known_from: until then everything was read at once; a later entry is judged by what
                was to be seen when it was written.
        """
        self._world = world
        self._known_from = known_from
        self._of_subscriptions: set[str] = set()
        self._held: set[str] = set()
        for who in customers:
            if who.discount is not None:
                self._held.add(who.discount.id)
            for sub in who.subscriptions:
                self._of_subscriptions.update(discount.id for discount in sub.discounts)
                self._held.update(one.id for item in sub.items for one in item.discounts)
        self._held |= self._of_subscriptions

    def judged(self, entry: LedgerEntry, snapshot: Snapshot) -> LedgerEntry:
        """The entry with the values that fit as well, if there are any but its own."""
        discounts = [
            one for one in snapshot.discounts() if self._is_unknown(one, snapshot.currency)
        ]
        seen = {one.id: self._shown(one, max(entry.at, self._known_from)) for one in discounts}
        unknown = {
            one.id: guesses(
                seen[one.id],
                snapshot.currency,
                is_held=one.id in self._held,
                has_end=one.end is not None,
                is_amount=bool(one.coupon.amounts_off) and self._still_expands(one),
                own=self._own(seen[one.id], entry.subscription_id),
            )
            for one in discounts
        }
        if not unknown:
            return entry
        true = (entry.mrr_after_minor, entry.mrr_after_minor)
        values = admitted(snapshot, unknown)
        if set(values) - {true}:
            entry = replace(entry, admits=values)
        elsewhere = [
            key for key, uses in seen.items() if uses and not self._own(uses, entry.subscription_id)
        ]
        if elsewhere:
            # As long as no invoice of its own shows such a discount, it takes nothing there.
            unseen = {key: [Guess(None, None)] for key in elsewhere}
            alone = admitted(snapshot, {**unknown, **unseen})
            entry = replace(entry, admits_alone=alone)
        return entry

    def _is_unknown(self, discount: Discount, currency: str) -> bool:
        """Whether the coupon is gone, and nothing that is read has its terms in it."""
        coupon = discount.coupon
        if self._world.store.get("coupon", coupon.id) is not None:
            return False
        # Amounts in other currencies than the coupon's own only show if they are asked for.
        is_foreign = bool(coupon.amounts_off) and next(iter(coupon.amounts_off)) != currency
        return is_foreign or not self._still_expands(discount)

    def _still_expands(self, discount: Discount) -> bool:
        """Whether a list shows the deleted coupon with the discount."""
        is_purged = discount.coupon.id in self._world.store.purged
        return discount.id in self._of_subscriptions and not is_purged

    def _shown(self, discount: Discount, until: int) -> list[Taken]:
        found = []
        for taken in discount.taken:
            invoice = self._world.store.get("invoice", taken.invoice)
            if invoice and invoice["status"] != "draft" and invoice["created"] <= until:
                found.append(taken)
        return found

    def _own(self, shown: Iterable[Taken], subscription_id: str) -> set[str]:
        """Those of the invoices that are this subscription's, or that name none."""
        found = set()
        for invoice_id in {taken.invoice for taken in shown}:
            invoice = self._world.store.get("invoice", invoice_id) or {}
            details = (invoice.get("parent") or {}).get("subscription_details") or {}
            if details.get("subscription") in (None, subscription_id):
                found.add(invoice_id)
        return found
