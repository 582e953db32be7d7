"""An account's events -> the same, some of them late, missing, doubled or out of order."""

from __future__ import annotations

from stripe_sandbox.account import Account
from stripe_sandbox.faults.dice import Dice
from stripe_sandbox.store import Row

UNSENT = frozenset(
    {
        "charge.refund.updated",
        "coupon.created",
        "credit_note.created",
        "customer.created",
        "customer.subscription.created",
        "invoice.created",
        "invoiceitem.created",
        "payment_intent.created",
        "payout.created",
        "price.created",
        "product.created",
        "promotion_code.created",
        "quote.created",
        "refund.created",
        "setup_intent.created",
        "tax_rate.created",
        "topup.created",
    }
)
"""Types that may never be sent. Some are not, by public reports; which ones is not documented."""

_LATEST_SECONDS = 60
_TWIN = "Twin"
"""Suffix of the id of a second event of the same change."""


class EventFaults:
    """Bends an account's list of events just before it is read."""

    def __init__(self, account: Account, dice: Dice) -> None:
        """Has bent nothing yet."""
        self._account, self._dice = account, dice
        self._late: set[str] = set()
        self._seen: set[str] = set()

    def before_list(self) -> None:
        """Brings the list of events into the shape that the switches ask for; under the lock."""
        store = self._account.store
        rows = store.rows.get("event", {})
        changed = self._show_what_is_due(rows)
        fresh = [name for name in rows if name not in self._seen and not name.endswith(_TWIN)]
        for identity in fresh:
            self._seen.add(identity)
            changed |= self._bend(identity, rows[identity])
        if changed:
            store.versions["event"] = store.versions.get("event", 0) + 1

    def go_on(self, dice: Dice) -> None:
        """Goes on with other switches; what was held back shows up."""
        self._dice = dice
        store = self._account.store
        with self._account.lock:
            rows = store.rows.get("event", {})
            for identity in self._late & rows.keys():
                rows[identity].hidden = False
            self._late.clear()
            store.versions["event"] = store.versions.get("event", 0) + 1

    def _show_what_is_due(self, rows: dict[str, Row]) -> bool:
        due = [
            identity
            for identity in self._late
            if identity not in rows or self._shows_at(rows[identity]) <= self._account.store.now
        ]
        for identity in due:
            self._late.discard(identity)
            if identity in rows:
                rows[identity].hidden = False
        return bool(due)

    def _shows_at(self, row: Row) -> int:
        identity = row.content["id"]
        lateness = _LATEST_SECONDS * self._dice.share("lateness", identity)
        return row.created + int(lateness)

    def _why_unsent(self, row: Row) -> str | None:
        """The switch by which an event is never sent, if any."""
        kind, identity = row.content["type"], row.content["id"]
        if kind in UNSENT and self._dice.picks("unsent_events", identity):
            return "unsent_events"
        if kind == "refund.created" and self._dice.picks("charge_refunded_alone", identity):
            return "charge_refunded_alone"
        return None

    def _bend(self, identity: str, row: Row) -> bool:
        dice, changed = self._dice, False
        unsent = self._why_unsent(row)
        if unsent is not None:
            row.hidden = True
            dice.note(unsent)
            return True
        if dice.picks("late_events", identity) and self._shows_at(row) > self._account.store.now:
            row.hidden = True
            self._late.add(identity)
            dice.note("late_events")
            changed = True
        if dice.picks("events_twice", identity):
            twin = {**row.content, "id": f"{identity}{_TWIN}"}
            self._seen.add(twin["id"])
            self._account.store.put(twin)
            dice.note("events_twice")
            changed = True
        if dice.picks("events_out_of_order", identity):
            # Only where events share a second is their order in the list anybody's guess.
            row.sequence = -row.sequence
            dice.note("events_out_of_order")
            changed = True
        return changed
