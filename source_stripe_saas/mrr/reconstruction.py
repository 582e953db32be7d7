"""Invoices and the state at the horizon in, the states of the time before it out (M38 to M46)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from source_stripe_saas.mrr.catalog import Book
from source_stripe_saas.mrr.evidence import Holding, Observation, observations, valid
from source_stripe_saas.mrr.invoice import Invoice
from source_stripe_saas.mrr.moment import BIRTH_SECONDS
from source_stripe_saas.mrr.past_discounts import (
    OF_CUSTOMER,
    OF_ITEM,
    OF_SUBSCRIPTION,
    DiscountSpan,
    past_discounts,
)
from source_stripe_saas.mrr.past_payments import (
    SIGNUP_SECONDS,
    Span,
    incomplete_until,
    past_dues,
    past_pauses,
)
from source_stripe_saas.mrr.past_trials import TrialSpan, past_trials, pause_after_trial
from source_stripe_saas.mrr.removed_items import removed_items
from source_stripe_saas.mrr.state import Item, State
from source_stripe_saas.mrr.state_changes import CANCELLATION, DISCOUNTS, ITEMS, PAUSE, STATUS
from source_stripe_saas.mrr.step import BOUNDED, EXACT, PERIOD_START, RECONSTRUCTED, Step
from source_stripe_saas.mrr.timeline import ItemsAt, timeline


@dataclass(frozen=True)
class _Past:
    """Everything the evidence says, part by part."""

    anchor: State
    items: Sequence[ItemsAt]
    trials: Sequence[TrialSpan]
    dues: Sequence[Span]
    pauses: Sequence[Span]
    discounts: Sequence[DiscountSpan]
    trial_pause: tuple[int, int | None] | None
    paid_signup_at: int | None
    ended_at: int | None
    scheduled_at: int | None

    @property
    def born_by(self) -> int:
        """What is dated up to then belongs to the birth (M46)."""
        return self.anchor.created + BIRTH_SECONDS


def rebuild(
    anchor: State,
    invoices: Sequence[Invoice],
    until: int,
    book: Book,
    item_created: Mapping[str, int],
    last: State | None = None,
    since: int = 0,
    is_status_told: bool = True,
) -> list[Step]:
    """The states from birth, or from the last known one, to just before `until`.

    Args:
        anchor: the state at `until`, or the final one if the subscription ended before.
        invoices: all invoices of the subscription, oldest first.
        until: the horizon; nothing at or after it is evidence (M47).
        book: prices and discounts.
        item_created: item id -> when it was created, of the items still there.
        last: the last known state, which takes the place of the birth (M49).
        since: when that state was known.
        is_status_told: whether the anchor's status is known, not only what came after it (M29).

    Returns:
        Steps in order; the first is the birth unless `last` was given.
    """
    past = _past(anchor, invoices, until, book, item_created, last, since, is_status_told)
    moments = sorted(at for at in _moments(past) if max(past.born_by, since) < at < until)
    steps = []
    if last is None:
        is_known = bool(past.items) and past.items[0].at <= past.born_by and bool(past.items[0].key)
        precision = EXACT if is_known else BOUNDED
        state = _state_at(past.born_by, past)
        steps.append(Step(anchor.created, state, RECONSTRUCTED, precision))
    for at in dict.fromkeys(moments):
        if past.ended_at is not None and at >= past.ended_at:
            break
        steps.append(_step(at, past))
    if past.ended_at is not None and past.ended_at < until:
        steps.extend(_end(past, steps[-1].state if steps else last))
    return steps


def _past(
    anchor: State,
    invoices: Sequence[Invoice],
    until: int,
    book: Book,
    item_created: Mapping[str, int],
    last: State | None,
    since: int,
    is_status_told: bool,
) -> _Past:
    ended_at = _ended_at(anchor)
    stop = until if ended_at is None else min(until, ended_at)
    proven = observations(invoices, book, anchor.currency)
    proven += removed_items(invoices, book, {item.id for item in anchor.items}, stop)
    # A line may be dated before the horizon and billed after it.
    found = [one for one in valid(proven) if one.at < stop]
    initial: dict[str, Holding] | None = None
    if last is not None:
        initial = {item.id: (item.price, item.quantity) for item in last.items}
        found = [one for one in found if one.at > since]
    found = _with_metered(found, anchor, book, item_created)
    items = timeline(found, anchor.created + BIRTH_SECONDS, initial)
    items = _with_unbilled(items, found, anchor, book, item_created, stop, initial)
    trials = past_trials(anchor, invoices, book)
    return _Past(
        anchor=anchor,
        items=items,
        trials=trials,
        trial_pause=pause_after_trial(anchor, trials, invoices, is_status_told),
        dues=past_dues(invoices),
        pauses=past_pauses(invoices, book),
        discounts=past_discounts(anchor, invoices, book, items),
        paid_signup_at=incomplete_until(invoices),
        ended_at=ended_at,
        scheduled_at=_scheduled_at(anchor, ended_at),
    )


def _with_metered(
    found: list[Observation], anchor: State, book: Book, item_created: Mapping[str, int]
) -> list[Observation]:
    """Metered items are there from their creation on: their first line may bill a later time."""
    first: dict[str, int] = {}
    for one in found:
        if not one.is_gone:
            first.setdefault(one.item, one.at)
    for item in anchor.items:
        price, at = book.price(item.price), item_created.get(item.id)
        if price is None or not price.is_metered or at is None:
            continue
        if at < first.get(item.id, at):
            holdings = (((item.price, None), None),)
            found = [*found, Observation(at, item.id, at, EXACT, "", holdings)]
    return sorted(found, key=lambda one: one.at)


def _with_unbilled(
    items: list[ItemsAt],
    found: Sequence[Observation],
    anchor: State,
    book: Book,
    item_created: Mapping[str, int],
    stop: int,
    initial: Mapping[str, Holding] | None,
) -> list[ItemsAt]:
    """Items of the anchor that no line shows: from their creation, else from birth (M46, M47).

    Where any line shows an item, one without a known creation is left to the join at the horizon;
    metered items are billed late or never, so they are taken to have been there.
    """
    born_by = anchor.created + BIRTH_SECONDS
    if initial is None and not items:
        held = {item.id: (item.price, item.quantity) for item in anchor.items}
        return [ItemsAt(anchor.created, held, EXACT, None)]
    seen = {one.item for one in found if not one.is_gone} | set(initial or {})
    for item in anchor.items:
        if item.id in seen:
            continue
        price = book.price(item.price)
        is_metered = price is not None and price.is_metered
        created = item_created.get(item.id, anchor.created if is_metered else stop)
        if created >= stop:
            continue
        holding: Holding = (item.price, None if is_metered else item.quantity)
        items = _with_item(items, item.id, holding, created, born_by, initial)
    return items


def _with_item(
    items: list[ItemsAt],
    item_id: str,
    holding: Holding,
    created: int,
    born_by: int,
    initial: Mapping[str, Holding] | None,
) -> list[ItemsAt]:
    """The moments with one more item from its creation on."""
    is_at_birth = initial is None and (created <= born_by or created <= items[0].at)
    moments = []
    for moment in items:
        if is_at_birth or moment.at >= created:
            moment = replace(moment, items={**moment.items, item_id: holding})
        moments.append(moment)
    if not is_at_birth and all(moment.at != created for moment in items):
        before = [moment.items for moment in items if moment.at < created]
        held = dict(before[-1] if before else initial or {})
        moments.append(ItemsAt(created, {**held, item_id: holding}, EXACT, None))
    return sorted(moments, key=lambda moment: moment.at)


def _ended_at(anchor: State) -> int | None:
    if not anchor.has_ended:
        return None
    if anchor.ended_at is not None:
        return anchor.ended_at
    if anchor.status == "incomplete_expired":
        return anchor.created + SIGNUP_SECONDS  # M43
    return anchor.canceled_at


def _scheduled_at(anchor: State, ended_at: int | None) -> int | None:
    """When the end was asked for (M45); None for a fixed term, or no scheduled end at all."""
    at = anchor.canceled_at
    if at is None or not (anchor.cancel_at_period_end or anchor.cancel_at is not None):
        return None
    if at <= anchor.created + BIRTH_SECONDS or (ended_at is not None and at >= ended_at):
        return None
    return at


def _moments(past: _Past) -> set[int]:
    """Every time at which some part may change (M40)."""
    found = {moment.at for moment in past.items}
    for trial in past.trials:
        found.update({trial.start, trial.end}, (since for since, _ in trial.ends))
    for span in (*past.dues, *past.pauses):
        found.update(at for at in (span.start, span.end) if at is not None)
    for discount in past.discounts:
        found.update(at for at in (discount.applied_at, discount.removed_at) if at is not None)
    single = (past.paid_signup_at, past.scheduled_at, *(past.trial_pause or ()))
    found.update(at for at in single if at is not None)
    return found


def _step(at: int, past: _Past) -> Step:
    key: str | None = None
    precisions = {CANCELLATION: EXACT, PAUSE: PERIOD_START}
    for moment in past.items:
        if moment.at == at:
            key, precisions[ITEMS] = moment.key, moment.precision
    if any(due.start == at for due in past.dues):
        precisions[STATUS] = BOUNDED
    if any(discount.removed_at == at for discount in past.discounts):
        precisions[DISCOUNTS] = PERIOD_START
    state = _state_at(at, past)
    return Step(at, state, RECONSTRUCTED, EXACT, precisions, item_key=key)


def _state_at(at: int, past: _Past) -> State:
    anchor = past.anchor
    status, trial = _status_at(at, past)
    pause = next(
        (one for one in past.pauses if one.start <= at and (one.end is None or at < one.end)), None
    )
    # The birth may pause or schedule nothing: those are set by later calls.
    is_scheduled = past.scheduled_at is not None and past.scheduled_at <= at
    is_fixed_term = past.scheduled_at is None and _is_fixed_term(anchor, past.ended_at)
    has_end = is_scheduled or is_fixed_term
    return replace(
        anchor,
        status=status,
        items=_items_at(at, past),
        own_discounts=_discounts_at(at, past, OF_SUBSCRIPTION, None),
        customer_discount=next(iter(_discounts_at(at, past, OF_CUSTOMER, None)), None),
        pause=pause.what if pause else None,
        resumes_at=anchor.resumes_at if pause and pause.end is None else None,
        cancel_at_period_end=has_end and anchor.cancel_at_period_end,
        cancel_at=anchor.cancel_at if has_end else None,
        cancel_reason=anchor.cancel_reason if has_end else None,
        feedback=anchor.feedback if has_end else None,
        canceled_at=anchor.canceled_at if has_end else None,
        trial_start=trial.trial_start if trial else anchor.trial_start,
        trial_end=trial.end_known_at(at) if trial else anchor.trial_end,
        ended_at=None,
    )


def _is_fixed_term(anchor: State, ended_at: int | None) -> bool:
    at = anchor.canceled_at
    if not (anchor.cancel_at_period_end or anchor.cancel_at is not None):
        return False
    return at is None or at <= anchor.created + BIRTH_SECONDS or (ended_at or at) <= at


def _status_at(at: int, past: _Past) -> tuple[str, TrialSpan | None]:
    if past.anchor.status in ("incomplete", "incomplete_expired"):
        return "incomplete", None
    if past.paid_signup_at is not None and at < past.paid_signup_at:
        return "incomplete", None
    for trial in past.trials:
        begins = past.anchor.created if trial.start <= past.born_by else trial.start
        if begins <= at < trial.end:
            return "trialing", trial
    if past.trial_pause is not None:
        paused_at, resumed_at = past.trial_pause
        if paused_at <= at and (resumed_at is None or at < resumed_at):
            return "paused", None
    if any(due.start <= at and due.end is not None and at < due.end for due in past.dues):
        return "past_due", None
    return "active", None


def _items_at(at: int, past: _Past) -> tuple[Item, ...]:
    # The first entry is the birth, however late its evidence (M46).
    known = [moment for moment in past.items if moment.at <= at] or list(past.items[:1])
    held = known[-1].items if known else {}
    if not known:
        return past.anchor.items
    places = {item.id: i for i, item in enumerate(past.anchor.items)}
    order = sorted(held, key=lambda item_id: places.get(item_id, len(places)))
    return tuple(
        Item(item_id, *held[item_id], _discounts_at(at, past, OF_ITEM, item_id))
        for item_id in order
    )


def _discounts_at(at: int, past: _Past, level: str, item: str | None) -> tuple[str, ...]:
    return tuple(
        one.id
        for one in past.discounts
        if one.level == level
        and one.item == item
        and one.applied_at <= at
        and (one.removed_at is None or at < one.removed_at)
    )


def _end(past: _Past, before: State | None) -> list[Step]:
    """The terminal row, and before it what the object shows besides (M45)."""
    anchor, ended_at = past.anchor, past.ended_at
    assert ended_at is not None
    steps = []
    if before is not None:
        kept = {item.id: item.discounts for item in before.items}
        items = tuple(replace(item, discounts=kept.get(item.id, ())) for item in anchor.items)
        last = replace(before, items=items)
        steps.append(Step(ended_at, last, RECONSTRUCTED, BOUNDED, is_at_end=True))
    is_guess = anchor.ended_at is None
    precision = BOUNDED if is_guess and anchor.status == "incomplete_expired" else EXACT
    final = replace(anchor, ended_at=ended_at)
    steps.append(Step(ended_at, final, RECONSTRUCTED, precision))
    return steps
