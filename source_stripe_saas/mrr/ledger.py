"""Known states, payments and the passing of time in, one subscription's rows in order out.

Longer than most files here because a row's amounts, phase, time and identity all hang on the row
before it, and that memory has one keeper.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from source_stripe_saas.mrr.billing_check import check_payment, has_moved, verdict
from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.context import RECENT_SECONDS, Context, digest_of
from source_stripe_saas.mrr.counting import counts
from source_stripe_saas.mrr.currency import currency_exponent
from source_stripe_saas.mrr.identity import SEMANTICS_VERSION, event_id, numbered, repeatable
from source_stripe_saas.mrr.invoice import CYCLE, Invoice
from source_stripe_saas.mrr.moment import DAY_SECONDS, iso
from source_stripe_saas.mrr.movement import SUSPENDED, movement_of
from source_stripe_saas.mrr.mrr_amounts import NOTHING, MrrAmounts, MrrCalculator
from source_stripe_saas.mrr.options import Options
from source_stripe_saas.mrr.row import BETTER_ESTIMATE, END_TYPES, ONCE_TYPES, TOLD_TYPES
from source_stripe_saas.mrr.standing import OnceWindow, Standing, next_boundary, standing_of
from source_stripe_saas.mrr.state import LIVE, PLAN_ITEM, State
from source_stripe_saas.mrr.state_changes import (
    Change,
    Past,
    begins_free_period,
    birth_type,
    changes_between,
)
from source_stripe_saas.mrr.step import BOUNDED, CLOCK, EVENTS, EXACT, Step

Row = dict[str, Any]
# Is shown each row with what was in force before and after it, and the prices and discounts.
Witness = Callable[[Row, Standing, Standing, Book], None]
# How long two events that tell one change may lie apart (M30).
ECHO_SECONDS = 120


@dataclass(frozen=True)
class _Origin:
    """Where a row comes from."""

    source: str
    precision: str = EXACT
    event_id: str | None = None
    item_key: str | None = None


class Ledger:
    """The rows of one subscription, made one after the other."""

    def __init__(
        self,
        subscription_id: str,
        book: Book,
        options: Options,
        context: Context | None = None,
        witness: Witness | None = None,
    ) -> None:
        self.subscription_id = subscription_id
        self.rows: list[Row] = []
        self.state: State | None = None
        self._book = book
        self._options = options
        self._fingerprint = options.fingerprint
        memory = self._memory = context or Context(through=0)
        if memory.sequence and not memory.last_at:
            memory.last_at = memory.through - RECENT_SECONDS
        self._standing: Standing | None = None
        self._amounts: MrrAmounts | None = None
        self._earlier: State | None = None
        self._earlier_at = memory.earlier_at
        self._drift: str | None = None
        self._clock = self._memory.through
        self._calculator = MrrCalculator(book, options)
        self._witness = witness
        self._join: tuple[int, int] | None = None

    @property
    def is_born(self) -> bool:
        """Whether there is a first row."""
        return self._memory.sequence > 0

    @property
    def memory(self) -> Context:
        """The running context, of which `context` gives a clean copy."""
        return self._memory

    def join_late(self, at: int, horizon: int) -> None:
        """A past is joined to events that no longer reach back to T0 (M37).

        What differs is then dated later than in a read that was in time, and yet the same fact: it
        keeps its id, so that a row of such a read is replaced and not counted twice (M35).

        Args:
            at: when they are joined.
            horizon: T0.
        """
        self._join = at, horizon

    # --- states -----------------------------------------------------------------------------

    def resume(self, state: State) -> None:
        """Takes up the last state again; a value that differs from the last row's is adjusted."""
        memory = self._memory
        self.state = state
        self._standing = self._in_force(state, memory.through)
        self._amounts = self._amounts_of(self._standing)
        if self._amounts.mrr_minor != memory.mrr_minor:
            self._drift = self._reason_for_drift(state)

    def birth(self, step: Step, windows: Sequence[OnceWindow] = (), is_free: bool = False) -> None:
        """The one row of first sight, which absorbs everything present (M32, M46)."""
        state, memory = step.state, self._memory
        memory.windows.extend(windows)
        at = state.created
        standing = self._in_force(state, at)
        if is_free and state.status == "trialing":
            standing = replace(standing, is_free=True)
        self._note_past(standing)
        occurred_at = at
        if self._options.backdated_start == "start_date" and state.start_date is not None:
            occurred_at = min(at, state.start_date)
        self._clock = at
        self._standing = replace(standing, status="")
        self._amounts = NOTHING
        self.state = state
        event_type = birth_type(standing)
        origin = _Origin(step.source, step.precision, step.event_id)
        self._emit(event_type, occurred_at, standing, origin, self._key_of_trial(event_type, state))
        # Later rows may not move with the option that backdates this one (M53).
        memory.last_at = at

    def push(self, step: Step) -> None:
        """Compares a state with the last one and makes the rows of the difference (M32)."""
        assert self.state is not None
        assert self._standing is not None
        if self.state.has_ended:
            return
        state = self._same_item_names(step.state)
        until = step.at
        if step.is_at_end or state.has_ended:
            # Nothing expires at or after the end (M31).
            until = min(until, step.at if state.ended_at is None else state.ended_at) - 1
        self.pass_time(until)
        old = self._standing
        new = self._in_force(state, step.at if not state.has_ended else max(until, self._clock))
        if begins_free_period(old, new, self._book):
            new = replace(new, is_free=True, cap=self._exact(old))
        past = Past(self._memory.was_live, self._memory.had_trial)
        changes = changes_between(old, new, step.at, past, self._book, self._leads(old, new))
        if changes:
            self._remember_earlier(step.at)
        self.state = state
        for change in changes:
            at = self._dated(change, changes, step, state)
            precision = step.precision_of(change.part)
            origin = _Origin(step.source, precision, step.event_id, step.item_key)
            self._change(change, at, origin)
        self._settle(new, step.at, step.source)
        self._note_past(new)

    def tells_again(self, state: State, prior: State, at: int) -> bool:
        """Whether an event only repeats the last change: two events may tell one (M30).

        Long after it, the same event tells that the change had been undone and made again (M29).
        """
        if self.state is None or at - self._earlier_at > ECHO_SECONDS:
            return False
        earlier = self._earlier_digest()
        is_told = bool(earlier) and digest_of(state) == digest_of(self.state)
        return is_told and digest_of(prior) == earlier

    # --- time -------------------------------------------------------------------------------

    def pass_time(self, until: int) -> None:
        """Makes the rows of what ended by the clock alone up to a moment, inclusive (M31)."""
        while self.state is not None:
            at = next_boundary(self.state, self._clock, self._book, self._memory.windows)
            if at is None or at > until:
                break
            assert self._standing is not None
            self._clock = at
            new = self._in_force(self.state, at)
            past = Past(self._memory.was_live, self._memory.had_trial)
            changes = changes_between(self._standing, new, at, past, self._book, False)
            gone = [one for one in changes if one.event_type == "discount_expired"]
            rest = [one for one in changes if one.event_type != "discount_expired"]
            ended = {one.discount for one in self._memory.windows if one.end == at}
            once = [self._once_change("discount_expired", found, at) for found in sorted(ended)]
            for change in [*gone, *once, *rest]:
                self._change(change, at, _Origin(CLOCK))
            self._settle(new, at, CLOCK)
        self._clock = max(self._clock, until)

    def use_once(self, windows: Sequence[OnceWindow], source: str) -> None:
        """A finalized invoice used once coupons: they hold for the periods of its lines (M21)."""
        if self.state is None or self.state.has_ended or not windows:
            return
        self._memory.windows.extend(windows)
        for found in sorted({one.discount for one in windows}):
            mine = [one for one in windows if one.discount == found]
            start = min(one.start for one in mine)
            change = self._once_change("discount_applied", found, start)
            self._change(change, start, _Origin(source))
            for end in sorted({one.end for one in mine if one.end <= self._clock}):
                change = self._once_change("discount_expired", found, end)
                self._change(change, end, _Origin(CLOCK))
        self._settle(self._in_force(self.state, self._clock), self._clock, source)

    def correct_estimates(self, better: Mapping[str, Mapping[str, Any]], at: int) -> None:
        """An invoice refutes estimated terms: from then on other ones count (M42a)."""
        self.pass_time(at)
        for found, raw in better.items():
            self._book.estimate_again(found, raw)
        self._calculator.forget()
        if self.state is not None and not self.state.has_ended:
            self._settle(self._in_force(self.state, self._clock), at, EVENTS, BETTER_ESTIMATE)

    # --- payments ---------------------------------------------------------------------------

    def pay(self, invoice: Invoice, source: str) -> None:
        """The rows of a paid invoice: the first above 0, and each renewal (M14, M26, M33)."""
        assert invoice.paid_at is not None
        self.pass_time(invoice.paid_at)
        memory, standing = self._memory, self._standing
        if standing is None:
            return
        if invoice.total > 0 and not memory.has_paid:
            event_type, key = "first_payment", ""
            memory.has_paid = True
            self._calculator.forget()
        elif invoice.reason == CYCLE:
            event_type, key = "renewed", invoice.id
        else:
            return
        if invoice.reason == CYCLE and self._meter(invoice):
            self._calculator.forget()
        settled = f"payment_failed|{invoice.id}:"
        for used in [one for one in memory.key_counts if one.startswith(settled)]:
            del memory.key_counts[used]
        origin = _Origin(source)
        findings = None
        if source == EVENTS:
            amounts, moved_at = self._amounts_of(standing), memory.moved_at
            findings = check_payment(
                invoice, standing, amounts, moved_at, self._book, self._options
            )
        billing = verdict(findings)
        self._emit(
            event_type, invoice.paid_at, standing, origin, key, invoice=invoice.id, billing=billing
        )
        memory.recent_invoices.append(f"{invoice.paid_at}|{invoice.id}")

    def fail(self, at: int, invoice_id: str, attempt_count: int, stripe_event: str) -> None:
        """The row of one failed attempt to collect (M33)."""
        self.pass_time(at)
        if self._standing is None:
            return
        origin = _Origin("events", event_id=stripe_event)
        key = f"{invoice_id}:{attempt_count}"
        self._emit("payment_failed", at, self._standing, origin, key, invoice=invoice_id)

    def _meter(self, invoice: Invoice) -> bool:
        """What the paid cycle billed for each metered item is its value until the next (M14)."""
        assert self._standing is not None
        prices = {item.id: self._book.price(item.price) for item in self._standing.items}
        metered = {item for item, price in prices.items() if price is not None and price.is_metered}
        billed: dict[str, Fraction] = {}
        for one in invoice.statements if metered else ():
            if one.item in metered:
                billed[one.item] = billed.get(one.item, Fraction(0)) + one.amount
        held = self._memory.metered_minor
        has_changed = any(held.get(item) != amount for item, amount in billed.items())
        held.update(billed)
        return has_changed

    # --- invariants -------------------------------------------------------------------------

    def close_difference(self, state: State, at: int) -> bool:
        """Makes the head equal the current object, with an `adjusted` row if need be (M51, M54)."""
        assert self.state is not None
        self.pass_time(at)
        aligned = self._same_item_names(state)
        is_same = digest_of(aligned) == digest_of(self.state)
        reason = self._reason_for_drift(aligned) if is_same else "head_mismatch"
        made = len(self.rows)
        self.state = aligned
        self._settle(self._in_force(aligned, at), at, EVENTS, self._drift or reason)
        return len(self.rows) > made

    def context(self, through: int) -> Context:
        """What the next sync must know; `through` is the bound up to which rows are made."""
        memory = self._memory
        state = self.state
        self.pass_time(through)
        if state is None:
            return replace(memory, through=through)
        named = state.discount_ids() | {one.discount for one in memory.windows}
        standing = self._standing
        assert standing is not None
        items = {item.id for item in state.items}
        recent = [
            entry
            for entry in memory.recent_invoices
            if int(entry.split("|")[0]) >= through - ECHO_SECONDS * 5
        ]
        is_echo_near = self._earlier_at >= through - ECHO_SECONDS
        return replace(
            memory,
            through=through,
            status=state.status,
            is_free=standing.is_free,
            cap=standing.cap,
            metered_minor={k: v for k, v in memory.metered_minor.items() if k in items},
            windows=[one for one in memory.windows if one.end > through and not state.has_ended],
            key_counts=repeatable(memory.key_counts, named, memory.last_at),
            recent_invoices=recent,
            next_end=next_boundary(state, through, self._book, memory.windows),
            earlier_digest=self._earlier_digest() if is_echo_near else "",
            earlier_at=self._earlier_at if is_echo_near else 0,
            customer_discount=state.customer_discount,
            silent={} if state.has_ended else self._book.silent(state.discount_ids(), through),
            state=state,
            learned=self._book.learned({item.price for item in state.items}, named, state.currency),
        )

    # --- helpers ----------------------------------------------------------------------------

    def _in_force(self, state: State, at: int) -> Standing:
        standing = standing_of(state, at, self._book, self._memory.windows)
        before = self._standing
        is_free = before.is_free if before is not None else self._memory.is_free
        if standing.status != "trialing" or not is_free:
            return standing
        cap = before.cap if before is not None else self._memory.cap
        return replace(standing, is_free=True, cap=cap)

    def _exact(self, standing: Standing) -> Fraction:
        memory = self._memory
        return self._calculator.exact(standing, memory.metered_minor, memory.has_paid)

    def _amounts_of(self, standing: Standing) -> MrrAmounts:
        memory = self._memory
        return self._calculator.amounts(standing, memory.metered_minor, memory.has_paid)

    def _leads(self, old: Standing, new: Standing) -> bool:
        """Whether the status comes first: C falls to 0, or a free period begins (M32)."""
        if new.is_free and not old.is_free:
            return True
        has_paid = self._memory.has_paid
        was = counts(old, has_paid, self._options)
        return was and not counts(new, has_paid, self._options)

    def _change(self, change: Change, at: int, origin: _Origin) -> None:
        assert self._standing is not None
        assert self.state is not None
        after = change.apply(self._standing)
        self._emit(
            change.event_type,
            at,
            after,
            origin,
            change.discount or self._key_of_trial(change.event_type, self.state),
            discount=change.discount,
        )

    def _once_change(self, event_type: str, found: str, at: int) -> Change:
        """To the items on which a once coupon still is just after a moment, maybe long past."""
        begun = [one for one in self._memory.windows if one.start <= self._clock and one.end > at]
        items = tuple(sorted({one.item for one in begun if one.discount == found}))

        def apply(standing: Standing) -> Standing:
            others = [one for one in standing.once if one[0] != found]
            mine = [(found, items)] if items else []
            return replace(standing, once=tuple(sorted([*others, *mine])))

        return Change(event_type, "discounts", apply, found)

    def _key_of_trial(self, event_type: str, state: State) -> str:
        """A trial is named by its start, whatever the time of its row (M35)."""
        if event_type != "trial_started":
            return ""
        return str(state.created if state.trial_start is None else state.trial_start)

    def _dated(self, change: Change, changes: list[Change], step: Step, state: State) -> int:
        """The time that the object carries for a change that comes alone (M31)."""
        if not step.is_dated_by_object or len(changes) != 1:
            return step.at
        assert self._standing is not None
        event_type = change.event_type
        carried: int | None = None
        if event_type in END_TYPES:
            carried = state.ended_at
        elif event_type in ("trial_converted", "free_period_ended"):
            carried = state.trial_end
        elif event_type == "paused" and self._standing.status == "trialing":
            carried = state.trial_end if change.part == "status" else None
        elif event_type in ("trial_started", "free_period_started"):
            carried = state.trial_start
        elif event_type == "cancellation_scheduled":
            carried = state.canceled_at
        elif event_type == "discount_applied":
            known = self._book.discount(change.discount or "")
            carried = known.start if known is not None else None
        if carried is not None and 0 <= step.at - carried < DAY_SECONDS:
            return carried
        return step.at

    def _settle(self, new: Standing, at: int, source: str, reason: str | None = None) -> None:
        """Takes the new standing; a value that the rows do not explain is adjusted (M54)."""
        old, self._standing = self._standing, new
        self._amounts = self._amounts_of(new)
        if self._amounts.mrr_minor != self._memory.mrr_minor:
            is_order = old is not None and _discounts(old) != _discounts(new)
            self._adjust(at, source, reason or ("discount_order" if is_order else "head_mismatch"))

    def _adjust(self, at: int, source: str, reason: str) -> None:
        assert self._standing is not None
        self._drift = None
        self._emit("adjusted", at, self._standing, _Origin(source), "", reason=reason)

    def _reason_for_drift(self, state: State) -> str:
        for item in state.items:
            price = self._book.price(item.price)
            if price is not None and price.uses_other_currency(state.currency):
                return "price_edit"  # the only amounts that can be edited (M11)
        return "head_mismatch"

    def _note_past(self, standing: Standing) -> None:
        memory = self._memory
        memory.was_live |= standing.status in LIVE or standing.is_free
        memory.had_trial |= standing.status == "trialing"

    def _remember_earlier(self, at: int) -> None:
        self._earlier, self._earlier_at = self.state, at

    def _earlier_digest(self) -> str:
        return digest_of(self._earlier) if self._earlier else self._memory.earlier_digest

    def _same_item_names(self, state: State) -> State:
        """An item of a payload without items is the one item of its neighbour (M28)."""
        if self.state is None or len(state.items) != 1 or len(self.state.items) != 1:
            return state
        new, old = state.items[0], self.state.items[0]
        if new.id == PLAN_ITEM and old.id != PLAN_ITEM:
            return replace(state, items=(replace(new, id=old.id),))
        if old.id == PLAN_ITEM and new.id != PLAN_ITEM:
            self.state = replace(self.state, items=(replace(old, id=new.id),))
            self._standing = self._in_force(self.state, self._clock)
        return state

    def _emit(
        self,
        event_type: str,
        at: int,
        after: Standing,
        origin: _Origin,
        key: str,
        discount: str | None = None,
        invoice: str | None = None,
        reason: str | None = None,
        billing: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """Writes one row: amounts telescope, time never goes back (M3, M50)."""
        memory, state, before = self._memory, self.state, self._standing
        assert state is not None
        assert before is not None
        if self._drift and event_type != "adjusted":
            self._adjust(max(at, memory.last_at), origin.source, self._drift)
        amounts = self._amounts_of(after)
        list_before = self._amounts.list_minor if self._amounts is not None else 0
        is_birth = memory.sequence == 0
        occurred_at = at if is_birth else max(at, memory.last_at)
        movement, memory.phase = movement_of(
            event_type,
            memory.mrr_minor,
            amounts.mrr_minor,
            memory.phase,
            self._options.zero_price_movement,
        )
        ends = event_type.startswith("cancellation_") or event_type in END_TYPES
        check, note = billing
        self.rows.append(
            {
                "event_id": self._identify(event_type, key, occurred_at, origin),
                "subscription_id": self.subscription_id,
                "customer_id": state.customer,
                "event_type": event_type,
                "occurred_at": iso(occurred_at),
                "sequence": memory.sequence + 1,
                "currency": state.currency,
                "currency_exponent": currency_exponent(state.currency),
                "mrr_before": memory.mrr_minor,
                "mrr_after": amounts.mrr_minor,
                "mrr_delta": amounts.mrr_minor - memory.mrr_minor,
                "movement": movement,
                "list_mrr_before": list_before,
                "list_mrr_after": amounts.list_minor,
                "status_before": before.status or None,
                "status_after": after.status,
                "suspended_after": memory.phase == SUSPENDED,
                "items_after": amounts.items,
                "discount_id": discount,
                "invoice_id": invoice,
                "stripe_event_id": origin.event_id,
                "cancellation_reason": state.cancel_reason if ends else None,
                "cancellation_feedback": state.feedback if ends else None,
                "source": origin.source,
                "time_precision": origin.precision,
                "adjustment_reason": reason,
                "is_estimated": self._is_estimated(before) or self._is_estimated(after),
                "billing_check": check,
                "billing_note": note,
                "semantics_version": SEMANTICS_VERSION,
                "options_fingerprint": self._fingerprint,
                "mrr_exact_after": str(amounts.exact),
            }
        )
        if self._witness is not None:
            self._witness(self.rows[-1], before, after, self._book)
        memory.sequence += 1
        memory.mrr_minor = amounts.mrr_minor
        memory.last_at = occurred_at
        if self._amounts is None or has_moved(self._amounts, amounts):
            memory.moved_at = occurred_at
        self._standing, self._amounts = after, amounts

    def _is_estimated(self, standing: Standing) -> bool:
        """Whether an amount rests on terms worked back from what a discount took off (M42a)."""
        named = [*standing.discount_ids(), *(found for found, _ in standing.once)]
        return any(map(self._book.is_estimated, named))

    def _identify(self, event_type: str, key: str, occurred_at: int, origin: _Origin) -> str:
        """The event_id; a key that comes again in one subscription is numbered (M35)."""
        second = str(occurred_at)
        if self._join and origin.precision == BOUNDED and occurred_at == self._join[0]:
            second = str(self._join[1])
        if event_type in TOLD_TYPES:
            known = None if origin.precision == BOUNDED else origin.event_id or origin.item_key
            key = known or second
        elif not key and event_type not in ONCE_TYPES:
            key = second
        key = numbered(f"{event_type}|{key}", self._memory.key_counts).partition("|")[2]
        return event_id(self.subscription_id, event_type, key)


def _discounts(standing: Standing) -> list[tuple[str, ...]]:
    """The discounts of each item and of the whole, in their order."""
    return [*(item.discounts for item in standing.items), standing.group]
