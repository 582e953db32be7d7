"""What customers who pay ahead do: they ask for it, and then change their mind about seats."""

from __future__ import annotations

from dataclasses import dataclass

from stripe_sandbox.company.acts.swaps import is_flexible
from stripe_sandbox.company.acts.traits import is_small, licensed
from stripe_sandbox.company.lines import is_monthly
from stripe_sandbox.company.prebilling import Prebilling
from stripe_sandbox.company.subscription import Subscription
from stripe_sandbox.company.valuation import Discount


@dataclass
class PrebillingActs:
    """Acts that bill months ahead."""

    prebilling: Prebilling

    def prebill(self, sub: Subscription) -> None:
        """Some months are billed ahead, now or from the renewal on."""
        if sub.is_prebilled or not is_flexible(sub) or not is_small(sub) or sub.true_mrr() == 0:
            return
        held = [
            *sub.discounts,
            *sub.effective_discounts,
            *(d for i in sub.items for d in i.discounts),
        ]
        waits = sub.pending_items or sub.open_marks or sub.discount_marks
        if waits or not is_monthly(licensed(sub)) or not all(map(_is_allowed, held)):
            return
        months = sub.customer.random.choice((2, 3, 5))
        if sub.customer.random.random() < 0.5:
            self.prebilling.bill_now(sub, months)
        else:
            self.prebilling.bill_at_renewal(sub, months)


def _is_allowed(discount: Discount) -> bool:
    """Stripe refuses amounts and coupons for some months together with billing schedules."""
    return discount.coupon.percent_off is not None and discount.coupon.duration == "forever"
