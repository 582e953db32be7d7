"""All facts of one subscription in, its rows and what to remember for the next sync out.

A first derivation rebuilds what is older than the horizon from invoices, joins it to what the
events say, and follows these; a later one goes on from the remembered context.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from source_stripe_saas.mrr.catalog import Book, Catalog
from source_stripe_saas.mrr.context import Context, digest_of
from source_stripe_saas.mrr.deleted_coupon import better_terms, estimate_unknown
from source_stripe_saas.mrr.event_chain import StateEvent
from source_stripe_saas.mrr.facts import Facts, Reading, item_times
from source_stripe_saas.mrr.history_check import HistoryCheck, note_findings
from source_stripe_saas.mrr.invoice import Invoice
from source_stripe_saas.mrr.ledger import ECHO_SECONDS, Ledger, Row, Witness
from source_stripe_saas.mrr.moment import BIRTH_SECONDS
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.past_discounts import once_windows
from source_stripe_saas.mrr.reconstruction import rebuild
from source_stripe_saas.mrr.standing import OnceWindow
from source_stripe_saas.mrr.state import ENDED, State
from source_stripe_saas.mrr.step import (
    BOUNDED,
    EVENTS,
    EXACT,
    RECONSTRUCTED,
    SNAPSHOT,
    Step,
    joined,
)

# States in which a subscription can be born (M32).
_AT_BIRTH = frozenset({"active", "past_due", "trialing", "incomplete"})


class StateMissing(LookupError):
    """Neither the context nor an event nor an object tells the state to go on from."""


@dataclass(frozen=True)
class _Entry:
    """Something to be done to the ledger at a time; states come before payments (M30)."""

    at: int
    rank: int
    do: Callable[[], None]


def derive_subscription(
    facts: Facts,
    catalog: Catalog,
    options: Options,
    context: Context | None = None,
    witness: Witness | None = None,
) -> tuple[list[Row], Context]:
    """Makes the rows of one subscription, up to `facts.upper`.

    Args:
        facts: what is known; with a context, only what is new since `context.through` is needed.
        catalog: prices, coupons and discounts of the account.
        options: how MRR is counted.
        context: from the last derivation, if there was one.
        witness: is shown each row as it is made, with what it was made of.

    Returns:
        New rows in order, and the context for the next derivation.

    Raises:
        StateMissing: the context kept no state and nothing given tells it.
    """
    return _Derivation(facts, catalog, options, context, witness).run()


class _Derivation:
    def __init__(
        self,
        facts: Facts,
        catalog: Catalog,
        options: Options,
        context: Context | None,
        witness: Witness | None,
    ) -> None:
        self._facts = facts
        self._is_first = context is None or context.sequence == 0
        self._context = None if context is None or self._is_first else context.copy()
        self._options = options
        book = self._book = Book(catalog)
        reading = Reading(facts, book, self._context)
        self._through = reading.through
        self._object = reading.object
        self._invoices = reading.invoices
        self._customers = reading.customers
        self._told = reading.told
        self._paid_events, self._failed_events = reading.paid_events, reading.failed_events
        self._ledger = Ledger(facts.subscription_id, book, options, self._context, witness)
        self._horizon = self._first_horizon() if self._is_first else facts.horizon or 0
        if facts.horizon is not None and self._horizon > facts.horizon:
            self._ledger.join_late(self._horizon, facts.horizon)

    def run(self) -> tuple[list[Row], Context]:
        facts, ledger = self._facts, self._ledger
        entries = self._first_entries() if self._is_first else self._next_entries()
        if entries is None:
            return [], Context(through=facts.upper)
        entries += self._invoice_entries()
        # Nothing comes before the birth, the first entry, whatever the clocks say.
        born_at = entries[0].at if self._is_first else 0
        for entry in sorted(entries, key=lambda one: (max(one.at, born_at), one.rank)):
            entry.do()
        ledger.pass_time(facts.upper)
        self._check_head()
        if self._is_first:
            self._check_history()
        return ledger.rows, ledger.context(facts.upper)

    def _first_horizon(self) -> int:
        """T0: the stored one, or without one the first moment that an event tells (M37)."""
        facts = self._facts
        if facts.horizon is None:
            return self._told[0].at if self._told else facts.upper
        return max(facts.horizon, facts.window_start or facts.horizon)

    # --- the time line ----------------------------------------------------------------------

    def _first_entries(self) -> list[_Entry] | None:
        told = [event for event in self._told if event.at >= self._horizon]
        first = told[0] if told else None
        known, is_from_event = self._first_known(first)
        if known is None or known.created > self._facts.upper:
            return None
        if first is not None and first.at > self._facts.upper and is_from_event:
            return None
        is_new = known.created >= self._horizon or (first is not None and first.is_created)
        if is_new and known.status in _AT_BIRTH:
            is_exact = first is not None and first.is_created
            entries = [self._birth(known, first, EXACT if is_exact else BOUNDED)]
        else:
            join_at = self._horizon
            if is_new:
                join_at = first.at if first is not None else self._facts.upper
            entries = self._past_entries(known, first, min(join_at, self._facts.upper))
        return entries + self._told_entries(told)

    def _first_known(self, first: StateEvent | None) -> tuple[State | None, bool]:
        """The anchor A: the state before the first event, or the current object (M47)."""
        if first is None:
            known = self._object
            if known is not None and self._customers.changes:
                # Its customer's events are events too: the object shows what came after them.
                held = self._customers.before(max(self._horizon, known.created))
                known = replace(known, customer_discount=held)
            return known, False
        if first.is_created or first.prior is None:
            return first.state, first.is_created
        return first.prior, first.state.created >= self._horizon

    def _birth(self, known: State, first: StateEvent | None, precision: str) -> _Entry:
        source = self._source(first)
        event_id = first.id or None if first is not None and first.is_created else None
        step = Step(known.created, known, source, precision, event_id=event_id)
        return _Entry(known.created, -1, lambda: self._be_born(step))

    def _be_born(self, step: Step) -> None:
        """First sight takes in what was used at once; a trial after a payment is free (M24)."""
        born_by = step.state.created + BIRTH_SECONDS
        windows = [one for invoice in self._invoices for one in self._at_birth(invoice, born_by)]
        start = step.state.trial_start
        is_free = start is not None and start > born_by
        is_free = is_free and any(
            one.total > 0 and one.paid_at is not None and one.paid_at < (start or 0)
            for one in self._invoices
        )
        self._ledger.birth(step, windows, is_free)

    def _at_birth(self, invoice: Invoice, born_by: int) -> list[OnceWindow]:
        """Once coupons used by an invoice that came with the subscription (M21)."""
        if (invoice.finalized_at or invoice.created) > born_by:
            return []
        windows = once_windows(invoice, self._book)
        starts = {one.discount: one.start for one in sorted(windows, key=lambda w: -w.start)}
        return [one for one in windows if starts[one.discount] <= born_by]

    def _past_entries(self, known: State, first: StateEvent | None, join_at: int) -> list[_Entry]:
        """The rebuilt past, then the anchor (M47)."""
        is_blind = first is not None and not first.is_created and first.prior is None
        is_blind = is_blind and first is not None and first.id != ""
        anchor = known.before_end(join_at) if is_blind else known
        if self._customers.changes:
            held = self._customers.before(max(join_at, anchor.created))
            anchor = replace(anchor, customer_discount=held)
        steps = rebuild(
            anchor,
            self._invoices,
            join_at,
            self._book,
            item_times(self._facts.subscription),
            is_status_told=not is_blind,
        )
        entries = [_Entry(steps[0].at, -1, lambda: self._be_born(steps[0]))]
        entries += [self._push(step) for step in steps[1:]]
        if not anchor.has_ended or (anchor.ended_at or join_at) >= join_at:
            last = steps[-1].state
            if is_blind:
                # An event that ends or pauses says nothing about the status before it (M29).
                anchor = replace(anchor, status=last.status, trial_end=last.trial_end)
            source = self._source(first) if first is not None and not is_blind else RECONSTRUCTED
            entries.append(self._push(joined(join_at, anchor, source)))
        return entries

    def _next_entries(self) -> list[_Entry]:
        context = self._context
        assert context is not None
        start = self._facts.window_start
        entries: list[_Entry] = []
        if start is None or context.through >= start or context.status in ENDED:
            self._ledger.resume(context.state or self._state_again(context))
            return self._told_entries(self._told)
        entries = self._gap_entries(context, start)
        return entries + self._told_entries(self._told)

    def _state_again(self, context: Context) -> State:
        """The last state, from the first event after it or from an object that did not move."""
        known = self._object
        if self._told:
            known = self._state_before_told(context)
        if known is None:
            raise StateMissing(self._facts.subscription_id)
        # The customer's discount may have changed since, of which no subscription event tells.
        known = replace(known, customer_discount=context.customer_discount)
        if known.status != context.status:
            # The status is the one part kept; a change of it that no event told is pushed later.
            return replace(known, status=context.status, ended_at=None)
        return known

    def _state_before_told(self, context: Context) -> State:
        """The state before the first event, or after it if it repeats a change that has its row."""
        first = self._told[0]
        if first.prior is None:
            # It may be told by two events, of which the other one tells the state before (M30).
            near = [one for one in self._told if one.at - first.at <= ECHO_SECONDS]
            priors = (one.prior for one in near if one.prior and one.state == first.state)
            return next(priors, first.state)
        is_near = first.at - context.earlier_at <= ECHO_SECONDS
        if is_near and digest_of(first.prior) == context.earlier_digest:
            return first.state
        return first.prior

    def _gap_entries(self, context: Context, start: int) -> list[_Entry]:
        """A gap longer than the events reach is rebuilt from the last known state (M49)."""
        told = [event for event in self._told if event.at >= start]
        self._told = told
        anchor = self._object
        if told and told[0].prior is not None:
            anchor = told[0].prior
        if anchor is None:
            raise StateMissing(self._facts.subscription_id)
        created = item_times(self._facts.subscription)
        state = context.state
        if state is None:
            # The whole past again, for the one state at the beginning of the gap.
            until = context.through + 1
            state = rebuild(anchor, self._invoices, until, self._book, created)[-1].state
        self._ledger.resume(state)
        steps = rebuild(anchor, self._invoices, start, self._book, created, state, context.through)
        entries = [self._push(step) for step in steps]
        if not anchor.has_ended or (anchor.ended_at or start) >= start:
            entries.append(self._push(joined(start, anchor, RECONSTRUCTED)))
        return entries

    def _told_entries(self, told: Sequence[StateEvent]) -> list[_Entry]:
        upper = self._facts.upper
        entries = [
            _Entry(event.at, 0, partial(self._follow, event)) for event in told if event.at <= upper
        ]
        for at, found, event_id in self._customers.changes:
            if max(self._through + 1, self._horizon) <= at <= upper:
                entries.append(_Entry(at, 1, partial(self._rebate, at, found, event_id)))
        return entries

    def _follow(self, event: StateEvent) -> None:
        """One event: what was missed before it, then what it brings (M29)."""
        ledger = self._ledger
        source, event_id = self._source(event), event.id or None
        if event.prior is not None and not event.is_created:
            if ledger.tells_again(event.state, event.prior, event.at):
                return
            if ledger.state is not None and event.prior != ledger.state:
                missed = Step(event.at, event.prior, source, BOUNDED, is_dated_by_object=True)
                ledger.push(missed)
        ledger.push(Step(event.at, event.state, source, event_id=event_id, is_dated_by_object=True))

    def _rebate(self, at: int, found: str | None, event_id: str) -> None:
        """The customer's discount changed: it is that of all its subscriptions (M30)."""
        state = self._ledger.state
        if state is not None and not state.has_ended:
            changed = replace(state, customer_discount=found)
            step = Step(at, changed, EVENTS, event_id=event_id, is_dated_by_object=True)
            self._ledger.push(step)

    def _push(self, step: Step) -> _Entry:
        return _Entry(step.at, 0, lambda: self._ledger.push(step))

    def _source(self, event: StateEvent | None) -> str:
        if event is None:
            return RECONSTRUCTED
        return EVENTS if event.id else SNAPSHOT

    # --- payments ---------------------------------------------------------------------------

    def _invoice_entries(self) -> list[_Entry]:
        upper, since = self._facts.upper, self._horizon
        recent = {
            entry.split("|")[1]
            for entry in (self._context.recent_invoices if self._context else ())
        }
        entries = []
        for invoice in self._invoices:
            entries += self._once_entries(invoice)
            entries += self._estimate_entries(invoice)
            paid_at = invoice.paid_at
            if paid_at is None or paid_at > upper or invoice.id in recent:
                continue
            if max(paid_at, self._paid_events.get(invoice.id, 0)) <= self._through:
                continue
            source = RECONSTRUCTED if paid_at < since else EVENTS
            entries.append(_Entry(paid_at, 4, partial(self._ledger.pay, invoice, source)))
        for at, invoice_id, attempts, event_id in self._failed_events:
            if max(self._through + 1, since) <= at <= upper:
                fail = partial(self._ledger.fail, at, invoice_id, attempts, event_id)
                entries.append(_Entry(at, 3, fail))
        return entries

    def _once_entries(self, invoice: Invoice) -> list[_Entry]:
        windows = once_windows(invoice, self._book)
        if not windows:
            return []
        if self._is_first:
            created = self._created()
            at_birth = self._at_birth(invoice, created + BIRTH_SECONDS)
            windows = [one for one in windows if one not in at_birth]
        finalized_at = invoice.finalized_at or invoice.created
        at = max([finalized_at, *([min(one.start for one in windows)] if windows else [])])
        if not windows or not self._through < at <= self._facts.upper:
            return []
        source = RECONSTRUCTED if at < self._horizon else EVENTS
        return [_Entry(at, 2, lambda: self._use_once(at, windows, source))]

    def _estimate_entries(self, invoice: Invoice) -> list[_Entry]:
        """What was estimated by an earlier sync is held against each invoice that comes later."""
        at = invoice.finalized_at or invoice.created
        if self._is_first or not self._through < at <= self._facts.upper:
            return []
        return [_Entry(at, 2, partial(self._correct_estimates, invoice, at))]

    def _correct_estimates(self, invoice: Invoice, at: int) -> None:
        state, book = self._ledger.state, self._book
        if state is None or not invoice.discounts:
            return
        named = state.discount_ids()
        found = estimate_unknown([invoice], book, state.currency, named)
        better = better_terms(invoice, book, state.currency)
        if found or better:
            self._ledger.correct_estimates(better, at)

    def _use_once(self, at: int, windows: Sequence[OnceWindow], source: str) -> None:
        self._ledger.pass_time(at)
        self._ledger.use_once(windows, source)

    def _created(self) -> int:
        if self._told:
            return self._told[0].state.created
        return self._object.created if self._object else 0

    # --- checks -----------------------------------------------------------------------------

    def _check_history(self) -> None:
        """The rebuilt rows must be what the invoices of their time bill (M61)."""
        rows = self._ledger.rows
        check = HistoryCheck(rows, self._invoices, self._book, self._options, self._horizon)
        note_findings(rows, check.findings())

    def _check_head(self) -> None:
        """The current object must be worth what the rows add up to (M51).

        An object with events after the bound is ahead of the rows; the next sync checks it.
        """
        upper, state = self._facts.upper, self._object
        is_ahead = any(event.at > upper for event in self._told) or any(
            at > upper for at, _, _ in self._customers.changes
        )
        if state is None or is_ahead or not self._ledger.is_born or state.created > upper:
            return
        held = self._ledger.state
        if held is not None and held.has_ended and state.has_ended:
            return
        self._ledger.close_difference(state, upper)
