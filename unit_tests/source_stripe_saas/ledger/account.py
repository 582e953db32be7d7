"""An account with one subscription, read by the stream sync after sync."""

from unit_tests.source_stripe_saas.engine.reading import a_state, read_by_pages
from unit_tests.source_stripe_saas.mrr.builders import PRICES, invoice, line, on, subscription
from unit_tests.stripe_server import serving

STREAM = "subscription_events"


def first_invoice():
    """Paid at birth, on 2026-01-01."""
    return invoice(
        "in_1", "2026-01-01", line("il_1", "2026-01-01", "2026-02-01"), reason="subscription_create"
    )


def renewal(**more):
    """The invoice of 2026-02-01, $10.00 before discounts."""
    of_line = more.pop("of_line", {})
    return invoice(
        "in_2", "2026-02-01", line("il_2", "2026-02-01", "2026-03-01", **of_line), **more
    )


class Account:
    """What Stripe would list, at which moment; tests add to the lists."""

    def __init__(self, **lists):
        self.lists = {
            "subscriptions": [subscription()],
            "invoices": [first_invoice()],
            "events": [],
            "prices": [{**price, "created": 0, "active": True} for price in PRICES.values()],
            "coupons": [],
            **lists,
        }
        self.state = None
        self.rows = []
        """All that has been written."""

    def sync(self, at, *names, config=None):
        """One sync at a moment; gives its rows."""
        state = a_state(**{STREAM: self.state}) if self.state is not None else None
        with serving(lists=self.lists, now=on(at)) as self.stripe:
            output = read_by_pages(*names, STREAM, config=config, state=state)
        assert output.errors() == []
        self.state = output.states(STREAM)[-1]
        self.output = output
        new = output.records(STREAM)
        self.rows += new
        return new


def told(rows):
    """(type, day, MRR before, MRR after) of rows."""
    return [
        (row["event_type"], row["occurred_at"][:10], row["mrr_before"], row["mrr_after"])
        for row in rows
    ]
