"""The columns of `subscription_events`, in their order."""

COLUMNS = (
    "event_id",
    "subscription_id",
    "customer_id",
    "event_type",
    "occurred_at",
    "sequence",
    "currency",
    "currency_exponent",
    "mrr_before",
    "mrr_after",
    "mrr_delta",
    "movement",
    "list_mrr_before",
    "list_mrr_after",
    "status_before",
    "status_after",
    "suspended_after",
    "items_after",
    "discount_id",
    "invoice_id",
    "stripe_event_id",
    "cancellation_reason",
    "cancellation_feedback",
    "source",
    "time_precision",
    "adjustment_reason",
    "is_estimated",
    "billing_check",
    "billing_note",
    "semantics_version",
    "options_fingerprint",
)
# Beside the columns in `derive`'s output: MRR before its rounding, as a fraction.
EXACT_COLUMN = "mrr_exact_after"

# Types that occur once in a subscription's life: their key is empty (M35).
ONCE_TYPES = frozenset(
    {"activated", "signup_incomplete", "signup_expired", "trial_expired", "canceled"}
    | {"first_payment"}
)
# Types whose key is the Stripe event, or the invoice line that proves them (M35).
TOLD_TYPES = frozenset(
    {"upgraded", "downgraded", "plan_changed", "quantity_increased", "quantity_decreased"}
    | {"cancellation_revoked"}
)
# The reason of an `adjusted` row that corrects estimated terms, not a mistake (M42a, M54).
BETTER_ESTIMATE = "better_estimate"
# The two rows that a paid invoice can make.
PAYMENT_ROWS = frozenset({"first_payment", "renewed"})
END_TYPES = frozenset({"signup_expired", "trial_expired", "canceled"})
EVENT_TYPES = (
    "trial_started",
    "trial_extended",
    "trial_shortened",
    "trial_converted",
    "trial_expired",
    "signup_incomplete",
    "signup_expired",
    "activated",
    "first_payment",
    "renewed",
    "upgraded",
    "downgraded",
    "plan_changed",
    "quantity_increased",
    "quantity_decreased",
    "discount_applied",
    "discount_removed",
    "discount_expired",
    "payment_failed",
    "past_due",
    "payment_recovered",
    "unpaid",
    "reactivated",
    "paused",
    "resumed",
    "free_period_started",
    "free_period_ended",
    "cancellation_scheduled",
    "cancellation_revoked",
    "canceled",
    "adjusted",
)
