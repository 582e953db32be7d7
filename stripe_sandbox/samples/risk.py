"""Reviews, early fraud warnings, top-ups, files and links to them."""

from __future__ import annotations

from typing import Any

from stripe_sandbox.samples.maker import DAY, Maker
from stripe_sandbox.store import StripeObject


def risk(maker: Maker) -> None:
    """Fills reviews and early fraud warnings on charges that exist."""
    for number, moment in enumerate(maker.moments(14)):
        fields = _of_charge(maker)
        review = maker.make("review", moment, {**fields, "reason": "rule"}, event="review.opened")
        if number % 4 == 1:
            close_review(maker, review, moment + 300)
    for number, moment in enumerate(maker.moments(12)):
        maker.make(
            "radar.early_fraud_warning",
            moment,
            {**_of_charge(maker), "actionable": number % 2 == 0},
            event="radar.early_fraud_warning.created",
        )


def close_review(maker: Maker, review: StripeObject, moment: int) -> None:
    """Approves a review, after which no list shows it."""
    changes = {"open": False, "reason": "approved", "closed_reason": "approved"}
    maker.change(review, changes, moment, "review.closed")


def _of_charge(maker: Maker) -> dict[str, Any]:
    charge = maker.any("charge")
    fields = {"charge": charge["id"]}
    if charge.get("payment_intent") is not None:
        fields["payment_intent"] = charge["payment_intent"]
    return fields


def top_ups(maker: Maker) -> None:
    """Fills top-ups of every status."""
    for number, moment in enumerate(maker.moments(12)):
        top_up = maker.make(
            "topup",
            moment,
            {
                "amount": 10_000 + 500 * number,
                "expected_availability_date": moment + 3 * DAY,
                "status": "pending",
            },
            event="topup.created",
        )
        if number % 4 != 3:
            finish_top_up(maker, top_up, moment + 600)


def finish_top_up(maker: Maker, top_up: StripeObject, moment: int) -> None:
    """The money arrives."""
    maker.change(top_up, {"status": "succeeded"}, moment, "topup.succeeded")


def documents(maker: Maker) -> None:
    """Fills files, made by Stripe and uploaded, and links to some of them."""
    for number, moment in enumerate(maker.moments(13)):
        made_by_stripe = number % 2 == 0
        purpose = "finance_report_run" if made_by_stripe else "dispute_evidence"
        fields = {"purpose": purpose, "filename": f"file_{number}.csv", "size": 1_000 + number}
        file = maker.make(
            "file", moment, {**fields, "type": "csv", "expires_at": moment + 365 * DAY}
        )
        for index in range(12 if number == 0 else number % 3):
            link_file(maker, file, moment + 30 + index)
        if made_by_stripe:
            maker.emit("file.created", file, moment)


def link_file(maker: Maker, file: StripeObject, moment: int) -> None:
    """A link to a file, good for a month."""
    expires = moment + 30 * DAY
    fields = {"file": file["id"], "expires_at": expires, "expired": expires <= maker.store.now}
    maker.make("file_link", moment, fields, parent=file["id"])


def value_lists(maker: Maker) -> None:
    """Fills lists of values that Radar's rules use, one with more values than Stripe embeds."""
    for number, moment in enumerate(maker.moments(12)):
        fields = {
            "alias": f"list_{number}",
            "created_by": "owner@example.com",
            "name": f"List {number}",
            "metadata": {"number": str(number)},
        }
        values = maker.make("radar.value_list", moment, fields)
        for index in range(12 if number == 0 else number % 3):
            add_value(maker, values, f"192.0.2.{index}", moment + 30 + index)


def add_value(maker: Maker, values: StripeObject, value: str, moment: int) -> None:
    """Puts a value into a list; no event tells of it."""
    fields = {"created_by": "owner@example.com", "value": value, "value_list": values["id"]}
    maker.make("radar.value_list_item", moment, fields)
