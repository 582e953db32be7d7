"""Time that passes in; changes to what the samples made, each with its event, out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from stripe_sandbox.samples.connect import own_account, refund_fee, reverse
from stripe_sandbox.samples.credits import draw, fund
from stripe_sandbox.samples.issuing import purchase
from stripe_sandbox.samples.maker import DAY, QUIET_SECONDS, Maker
from stripe_sandbox.samples.offers import (
    accept_quote,
    entitlements_of,
    switch_off,
    tell_entitlements,
)
from stripe_sandbox.samples.risk import add_value, close_review, finish_top_up, link_file
from stripe_sandbox.store import Store


def breadth_advance(store: Store, seed: int, from_seconds: int, to_seconds: int) -> None:
    """Changes some of what `breadth` made, between two moments.

    Args:
        store: its clock stands at `to_seconds` already.
        seed: same seed and moments, same changes.
        from_seconds: where the clock stood before.
        to_seconds: where it stands now; the last two minutes stay quiet.
    """
    last = to_seconds - QUIET_SECONDS
    if last <= from_seconds:
        return
    maker = Maker(store, seed, f"breadth/{from_seconds}", from_seconds)
    _make(_CHANGES, maker, last)
    _make(_LATER_CHANGES, Maker(store, seed, f"later/{from_seconds}", from_seconds), last)
    _expire_links(maker)


def _make(changes: Sequence[Callable[[Maker, int], None]], maker: Maker, last: int) -> None:
    for change, moment in zip(changes, spread(len(changes), maker.start, last), strict=True):
        # What there is nothing left of to change stays as it is.
        with suppress(LookupError):
            change(maker, moment)


def spread(number: int, first: int, last: int) -> list[int]:
    """So many moments between two, evenly."""
    return [first + (last - first) * (i + 1) // (number + 1) for i in range(number)]


def _expire_links(maker: Maker) -> None:
    for link in maker.all("file_link"):
        if not link["expired"] and (link["expires_at"] or maker.store.now + 1) <= maker.store.now:
            maker.change(link, {"expired": True}, maker.store.now)


def _spend(maker: Maker, moment: int) -> None:
    purchase(maker, maker.first("issuing.card", status="active"), 777, moment)


def _annotate_authorization(maker: Maker, moment: int) -> None:
    authorization = maker.any("issuing.authorization")
    changes = {"metadata": {"seen_at": str(moment)}}
    maker.change(authorization, changes, moment, "issuing_authorization.updated")


def _block_card(maker: Maker, moment: int) -> None:
    card = maker.first("issuing.card", status="active")
    maker.change(card, {"status": "inactive"}, moment, "issuing_card.updated")


def _move_cardholder(maker: Maker, moment: int) -> None:
    holder = maker.any("issuing.cardholder")
    changes = {"phone_number": f"+1555{moment % 10_000_000:07}"}
    maker.change(holder, changes, moment, "issuing_cardholder.updated")


def _submit_dispute(maker: Maker, moment: int) -> None:
    dispute = maker.first("issuing.dispute", status="unsubmitted")
    maker.change(dispute, {"status": "submitted"}, moment, "issuing_dispute.submitted")


def _close_a_review(maker: Maker, moment: int) -> None:
    close_review(maker, maker.first("review", open=True), moment)


def _open_a_review(maker: Maker, moment: int) -> None:
    charge = maker.any("charge")
    fields = {"charge": charge["id"], "reason": "rule"}
    maker.make("review", moment, fields, event="review.opened")


def _settle_warning(maker: Maker, moment: int) -> None:
    warning = maker.first("radar.early_fraud_warning", actionable=True)
    changes = {"actionable": False}
    maker.change(warning, changes, moment, "radar.early_fraud_warning.updated")


def _finish_a_top_up(maker: Maker, moment: int) -> None:
    finish_top_up(maker, maker.first("topup", status="pending"), moment)


def _start_a_top_up(maker: Maker, moment: int) -> None:
    fields = {"amount": 4_321, "status": "pending", "expected_availability_date": moment + 3 * DAY}
    maker.make("topup", moment, fields, event="topup.created")


def _reverse_a_transfer(maker: Maker, moment: int) -> None:
    reverse(maker, maker.any("transfer"), 10, moment)


def _refund_a_fee(maker: Maker, moment: int) -> None:
    refund_fee(maker, maker.any("application_fee"), 5, moment)


def _accept_a_quote(maker: Maker, moment: int) -> None:
    accept_quote(maker, maker.first("quote", status="open"), moment)


def _update_meter(maker: Maker, moment: int) -> None:
    meter = maker.any("billing.meter")
    maker.change(meter, {"display_name": f"Meter of {moment}", "updated": moment}, moment)


def _end_entitlement(maker: Maker, moment: int) -> None:
    entitlement = maker.any("entitlements.active_entitlement")
    customer = str(maker.store.rows["entitlements.active_entitlement"][entitlement["id"]].parent)
    before = entitlements_of(maker, customer)
    if entitlement["id"] not in {entry["id"] for entry in before["data"]}:
        return  # beyond the first ten no event shows who is gone
    maker.store.remove("entitlements.active_entitlement", entitlement["id"])
    tell_entitlements(maker, customer, moment, before)


def _link_a_file(maker: Maker, moment: int) -> None:
    link_file(maker, maker.any("file"), moment)


def _update_account(maker: Maker, moment: int) -> None:
    account = maker.store.rows["account"][own_account(maker.store, 0)].content
    changes = {"metadata": {"reviewed_at": str(moment)}}
    maker.change(account, changes, moment, "account.updated")


def _update_partner(maker: Maker, moment: int) -> None:
    # Its account.updated event lies in the connected account, not here.
    partners = maker.all("account")[1:]
    partner = maker.random.choice(partners)
    maker.change(partner, {"metadata": {"reviewed_at": str(moment)}}, moment)


_CHANGES = (
    _spend,
    _annotate_authorization,
    _block_card,
    _move_cardholder,
    _submit_dispute,
    _close_a_review,
    _open_a_review,
    _settle_warning,
    _finish_a_top_up,
    _start_a_top_up,
    _reverse_a_transfer,
    _refund_a_fee,
    _accept_a_quote,
    _update_meter,
    _end_entitlement,
    _link_a_file,
    _update_account,
    _update_partner,
)


def _switch_off_a_link(maker: Maker, moment: int) -> None:
    switch_off(maker, maker.first("payment_link", active=True), moment)


def _draw_on_a_grant(maker: Maker, moment: int) -> None:
    draw(maker, maker.any("billing.credit_grant"), moment)


def _fund_a_cash_balance(maker: Maker, moment: int) -> None:
    transaction = maker.any("customer_cash_balance_transaction")
    fund(maker, transaction["customer"], moment, 0)


def _add_a_value(maker: Maker, moment: int) -> None:
    add_value(maker, maker.any("radar.value_list"), f"198.51.100.{moment % 250}", moment)


def _rename_a_person(maker: Maker, moment: int) -> None:
    maker.change(maker.any("person"), {"last_name": f"Sample {moment}"}, moment)


# Drawn apart, so that what the others draw stays as it was.
_LATER_CHANGES = (
    _switch_off_a_link,
    _draw_on_a_grant,
    _fund_a_cash_balance,
    _add_a_value,
    _rename_a_person,
)
