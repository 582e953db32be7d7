"""An account in; changes to it while it is being read, each with its event, out.

Objects are made, changed and deleted through the store, as the simulation itself does it, so that
the sandbox's own count of what there is stays the truth. Only a herd of loose objects (customers,
products and coupons that nothing refers to) is ever deleted: they may go without anything else
noticing. Of a samples account, the account's own life may take them first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stripe_sandbox.account import SECONDS_PER_DAY, Account
from stripe_sandbox.faults.dice import Dice
from stripe_sandbox.samples.core import sign_up
from stripe_sandbox.samples.maker import Maker
from stripe_sandbox.store import StripeObject

HERD = ("customer", "product", "coupon")
_HERD_SIZE = 24
_OLDEST_SECONDS = 200 * SECONDS_PER_DAY

UPDATED_BY = {
    "charge": "charge.updated",
    "coupon": "coupon.updated",
    "customer": "customer.updated",
    "payout": "payout.updated",
    "product": "product.updated",
    "promotion_code": "promotion_code.updated",
    "refund": "refund.updated",
    "tax_rate": "tax_rate.updated",
}
"""Object name -> the event of a change; nothing else of the object changes with it."""

NEEDS_HERD = ("created_meanwhile", "deleted_meanwhile", "page_end_deleted")


class Life:
    """What happens to one account beside what it does by itself."""

    def __init__(self, account: Account, dice: Dice) -> None:
        """Puts the herd into the account's past if a switch needs one."""
        self._account, self._dice = account, dice
        self._maker = Maker(account.store, dice.options.seed, "faults", account.store.now)
        self._loose: dict[str, list[str]] = {}
        self._number = 0
        self.go_on(dice)

    def go_on(self, dice: Dice) -> None:
        """Goes on with other switches, the same herd."""
        self._dice = dice
        if any(map(dice.is_on, NEEDS_HERD)) and not self._loose:
            with self._account.lock:
                self._settle_herd()

    def before_list(self, names: Iterable[str]) -> None:
        """What happens just before a page of these objects is made up; under the account's lock."""
        for kind, happen in (
            ("created_meanwhile", self._create),
            ("changed_meanwhile", self._change),
            ("deleted_meanwhile", self._delete_some),
            ("events_in_one_second", self._change_thrice),
        ):
            for name in names:
                if self._dice.strikes(kind) and happen(name):
                    self._dice.note(kind)

    def after_page(self, name: str, last: str) -> None:
        """What happens to a page's last object once the page is made up."""
        if last in self._herd(name) and self._dice.strikes("page_end_deleted"):
            self._delete(name, last)
            self._dice.note("page_end_deleted")

    def pass_time(self) -> None:
        """Moves the account's clock on a little."""
        if self._dice.strikes("time_passes"):
            self._account.advance(self._dice.random("time_passes").randint(1, 600))
            self._dice.note("time_passes")

    def _settle_herd(self) -> None:
        now = self._account.store.now
        for name in HERD:
            self._loose[name] = []
            for index in range(_HERD_SIZE):
                # Two of a herd share a second: windows of `created` have to cope with that.
                moment = now - _OLDEST_SECONDS * (index // 2 * 2 + 1) // _HERD_SIZE
                self._loose[name].append(self._born(name, moment)["id"])

    def _born(self, name: str, moment: int) -> StripeObject:
        self._number += 1
        label = f"Loose {self._number}"
        if name == "customer":
            return sign_up(self._maker, f"loose{self._number}", moment)
        fields: dict[str, Any]
        if name == "product":
            fields = {"active": True, "default_price": None, "name": label, "updated": moment}
            return self._maker.make("product", moment, fields, event="product.created")
        fields = {
            # Whoever puts it into a path must encode it.
            "id": f"LOOSE {self._number}/{len(self._loose)}",
            "applies_to": {"products": []},
            "amount_off": None,
            "currency": None,
            "currency_options": {},
            "duration": "forever",
            "duration_in_months": None,
            "name": label,
            "percent_off": 12.5,
            "redeem_by": None,
        }
        return self._maker.make("coupon", moment, fields, event="coupon.created")

    def _create(self, name: str) -> bool:
        if name not in self._loose:
            return False
        self._loose[name].append(self._born(name, self._account.store.now)["id"])
        return True

    def _change(self, name: str) -> bool:
        rows = self._account.store.rows.get(name, {})
        candidates = [identity for identity, row in rows.items() if not row.hidden]
        if name not in UPDATED_BY or not candidates:
            return False
        content = rows[self._dice.random("changed_meanwhile").choice(candidates)].content
        self._annotate(content)
        return True

    def _annotate(self, content: StripeObject) -> StripeObject:
        now = self._account.store.now
        self._number += 1
        fields: dict[str, object] = {
            "metadata": {**(content.get("metadata") or {}), "touched": str(self._number)}
        }
        if "updated" in content:
            fields["updated"] = now
        return self._maker.change(content, fields, now, UPDATED_BY[content["object"]])

    def _change_thrice(self, name: str) -> bool:
        rows = self._account.store.rows.get(name, {})
        candidates = [identity for identity, row in rows.items() if not row.hidden]
        if name not in UPDATED_BY or not candidates:
            return False
        content = rows[self._dice.random("events_in_one_second").choice(candidates)].content
        for _ in range(3):
            content = self._annotate(content)
        return True

    def _delete_some(self, name: str) -> bool:
        herd = self._herd(name)
        if not herd:
            return False
        self._delete(name, self._dice.random("deleted_meanwhile").choice(herd))
        return True

    def _herd(self, name: str) -> list[str]:
        """The loose objects of a name that are still there."""
        rows = self._account.store.rows.get(name, {})
        return [identity for identity in self._loose.get(name, ()) if identity in rows]

    def _delete(self, name: str, identity: str) -> None:
        self._loose[name].remove(identity)
        store = self._account.store
        content = store.rows[name][identity].content
        self._maker.emit(f"{name}.deleted", content, store.now)
        store.remove(name, identity)
