"""Credit notes and their lines as Stripe sends them."""

from __future__ import annotations

from collections.abc import Sequence

from stripe_sandbox.company.objects.common import EMPTY
from stripe_sandbox.store import StripeObject


def credit_note(
    identity: str,
    bill: StripeObject,
    created: int,
    amount: int,
    number: str,
    *,
    memo: str | None,
    refunds: Sequence[tuple[str, int]] = (),
    balance_transaction: str | None = None,
) -> StripeObject:
    """An invoice taken back in part; before payment it lowers what is due.

    `refunds` are refund ids with their amounts; `balance_transaction` is the customer balance
    transaction that carries the credit.
    """
    is_paid = bill["status"] == "paid"
    return {
        "id": identity,
        "object": "credit_note",
        "amount": amount,
        "amount_shipping": 0,
        "created": created,
        "currency": bill["currency"],
        "customer": bill["customer"],
        "customer_account": None,
        "customer_balance_transaction": balance_transaction,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": created,
        "invoice": bill["id"],
        "livemode": False,
        "memo": memo,
        "metadata": EMPTY,
        "number": number,
        "out_of_band_amount": None,
        "pdf": f"https://pay.example.com/credit_notes/{identity}/pdf",
        "post_payment_amount": amount if is_paid else 0,
        "pre_payment_amount": 0 if is_paid else amount,
        "pretax_credit_amounts": [],
        "reason": "product_unsatisfactory",
        "refunds": [
            {
                "amount_refunded": given,
                "payment_record_refund": None,
                "refund": refund,
                "type": "refund",
            }
            for refund, given in refunds
        ],
        "shipping_cost": None,
        "status": "issued",
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "total": amount,
        "total_excluding_tax": amount,
        "total_taxes": [],
        "type": "post_payment" if is_paid else "pre_payment",
        "voided_at": None,
    }


def credit_note_line_item(
    identity: str, amount: int, description: str, invoice_line: str | None
) -> StripeObject:
    """One line of a credit note: a line of the invoice, or words of its own."""
    line: StripeObject = {
        "id": identity,
        "object": "credit_note_line_item",
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "discount_amounts": [],
        "livemode": False,
        "metadata": EMPTY,
        "pretax_credit_amounts": [],
        "quantity": None if invoice_line else 1,
        "tax_rates": [],
        "taxes": [],
        "type": "invoice_line_item" if invoice_line else "custom_line_item",
        "unit_amount": None if invoice_line else amount,
        "unit_amount_decimal": None if invoice_line else str(amount),
    }
    if invoice_line:
        line["invoice_line_item"] = invoice_line
    return line
