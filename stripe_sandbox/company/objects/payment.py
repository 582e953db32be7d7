"""The way of the money: payment intent, charge, refund, dispute, balance transaction, payout."""

from __future__ import annotations

from stripe_sandbox.company.objects.common import EMPTY
from stripe_sandbox.store import StripeObject

DECLINED = {
    "code": "card_declined",
    "decline_code": "insufficient_funds",
    "doc_url": "https://stripe.com/docs/error-codes/card-declined",
    "message": "Your card has insufficient funds.",
    "type": "card_error",
}
_OPTIONS = {
    "card": {
        "installments": None,
        "mandate_options": None,
        "network": None,
        "request_three_d_secure": "automatic",
    }
}
_AMOUNT_DETAILS: StripeObject = {"tip": {}}


def payment_intent(
    identity: str, customer: str, created: int, amount: int, currency: str, description: str
) -> StripeObject:
    """The intent to collect an invoice, before any try."""
    return {
        "id": identity,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": _AMOUNT_DETAILS,
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{identity}_secret_{identity[-8:]}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": description,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": EMPTY,
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": _OPTIONS,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


_GOOD_OUTCOME = {
    "advice_code": None,
    "network_advice_code": None,
    "network_decline_code": None,
    "network_status": "approved_by_network",
    "reason": None,
    "risk_level": "normal",
    "seller_message": "Payment complete.",
    "type": "authorized",
}
_BAD_OUTCOME = {
    "advice_code": "try_again_later",
    "network_advice_code": None,
    "network_decline_code": "51",
    "network_status": "declined_by_network",
    "reason": "insufficient_funds",
    "risk_level": "normal",
    "seller_message": "The bank returned the decline code `insufficient_funds`.",
    "type": "issuer_declined",
}


def charge(
    identity: str,
    intent: StripeObject,
    created: int,
    *,
    billing: StripeObject,
    method: str,
    method_details: StripeObject,
    balance_transaction: str | None,
) -> StripeObject:
    """One try of an intent; without a balance transaction it failed."""
    paid = balance_transaction is not None
    amount = intent["amount"]
    return {
        "id": identity,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": balance_transaction,
        "billing_details": billing,
        "calculated_statement_descriptor": "ACME CLOUD",
        "captured": paid,
        "created": created,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None if paid else DECLINED["code"],
        "failure_message": None if paid else DECLINED["message"],
        "fraud_details": EMPTY,
        "livemode": False,
        "metadata": EMPTY,
        "on_behalf_of": None,
        "outcome": _GOOD_OUTCOME if paid else _BAD_OUTCOME,
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method,
        "payment_method_details": method_details,
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded" if paid else "failed",
        "transfer_data": None,
        "transfer_group": None,
    }


def refund(
    identity: str, paid: StripeObject, created: int, amount: int, balance_transaction: str
) -> StripeObject:
    """Money given back from a charge."""
    return {
        "id": identity,
        "object": "refund",
        "amount": amount,
        "balance_transaction": balance_transaction,
        "charge": paid["id"],
        "created": created,
        "currency": paid["currency"],
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": EMPTY,
        "payment_intent": paid["payment_intent"],
        "reason": "requested_by_customer",
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


_NO_EVIDENCE = dict.fromkeys(
    (
        "access_activity_log",
        "billing_address",
        "cancellation_policy",
        "cancellation_policy_disclosure",
        "cancellation_rebuttal",
        "customer_communication",
        "customer_email_address",
        "customer_name",
        "customer_purchase_ip",
        "customer_signature",
        "duplicate_charge_documentation",
        "duplicate_charge_explanation",
        "duplicate_charge_id",
        "product_description",
        "receipt",
        "refund_policy",
        "refund_policy_disclosure",
        "refund_refusal_explanation",
        "service_date",
        "service_documentation",
        "shipping_address",
        "shipping_carrier",
        "shipping_date",
        "shipping_documentation",
        "shipping_tracking_number",
        "uncategorized_file",
        "uncategorized_text",
    )
)


def dispute(
    identity: str, paid: StripeObject, created: int, due_by: int, transaction: StripeObject
) -> StripeObject:
    """A charge that the cardholder's bank took back."""
    return {
        "id": identity,
        "object": "dispute",
        "amount": paid["amount"],
        "balance_transactions": [transaction],
        "charge": paid["id"],
        "created": created,
        "currency": paid["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**_NO_EVIDENCE, "enhanced_evidence": EMPTY},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": EMPTY,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": EMPTY,
        "payment_intent": paid["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": paid["payment_method_details"]["card"]["brand"],
                "case_type": "chargeback",
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "subscription_canceled",
        "status": "needs_response",
    }


def balance_transaction(
    identity: str,
    kind: str,
    source: str,
    created: int,
    available_on: int,
    amount: int,
    fee: int,
    currency: str,
    *,
    status: str,
    category: str | None = None,
    description: str | None = None,
) -> StripeObject:
    """What one act did to the account's balance."""
    fees = []
    if fee:
        fees.append(
            {
                "amount": fee,
                "application": None,
                "currency": currency,
                "description": "Dispute fee" if category == "dispute" else "Stripe processing fees",
                "type": "stripe_fee",
            }
        )
    return {
        "id": identity,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": available_on,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": description,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees,
        "net": amount - fee,
        "reporting_category": category or kind,
        "source": source,
        "status": status,
        "type": kind,
    }


def payout(
    identity: str,
    created: int,
    arrival_date: int,
    amount: int,
    currency: str,
    destination: str,
    balance_transaction: str,
) -> StripeObject:
    """Money on its way to the company's bank."""
    return {
        "id": identity,
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrival_date,
        "automatic": True,
        "balance_transaction": balance_transaction,
        "created": created,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": destination,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": EMPTY,
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "in_progress",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
    }
