-- One row per change of a subscription that MRR, or somebody who watches it, cares about.
with raw_rows as (
    {{ stripe_saas.raw_stream("subscription_events", {
        "event_id": "key", "subscription_id": "key", "customer_id": "key",
        "event_type": "text", "occurred_at": "moment", "sequence": "integer", "currency": "currency",
        "currency_exponent": "integer", "mrr_before": "integer", "mrr_after": "integer",
        "mrr_delta": "integer", "movement": "text", "list_mrr_before": "integer",
        "list_mrr_after": "integer", "status_before": "text", "status_after": "text",
        "suspended_after": "boolean", "items_after": "json", "discount_id": "key",
        "invoice_id": "key", "cancellation_reason": "text", "cancellation_feedback": "text",
        "source": "text", "time_precision": "text", "adjustment_reason": "text",
        "is_estimated": "boolean", "billing_check": "text", "billing_note": "text", "options_fingerprint": "text", "semantics_version": "text"
    }, key="event_id") }}
),
-- a destination may keep rows of older rules that newer ones do not make any more
versions as (
    select *, max(semantics_version) over (partition by subscription_id) as newest_version
    from raw_rows
),
final as (
    select
        event_id, subscription_id, customer_id, event_type, occurred_at, sequence, currency,
        currency_exponent, mrr_before as mrr_before_minor, mrr_after as mrr_after_minor,
        mrr_delta as mrr_delta_minor, movement, list_mrr_before as list_mrr_before_minor,
        list_mrr_after as list_mrr_after_minor, status_before, status_after,
        coalesce(suspended_after, false) as is_suspended_after, items_after, discount_id, invoice_id,
        cancellation_reason, cancellation_feedback, source, time_precision, adjustment_reason,
        coalesce(is_estimated, false) as is_estimated, billing_check, billing_note, options_fingerprint,
        semantics_version
    from versions
    where coalesce(semantics_version, '') = coalesce(newest_version, '')
)
select * from final
