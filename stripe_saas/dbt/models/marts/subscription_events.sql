-- One row per change of a subscription, up to the last sync.
with final as (
    select
        event_id, subscription_id, customer_id, client_id, event_type, occurred_at, occurred_on,
        sequence, currency, currency_exponent, movement, mrr_before_minor, mrr_after_minor,
        mrr_delta_minor, list_mrr_before_minor, list_mrr_after_minor, status_before, status_after,
        is_suspended_after, discount_id, invoice_id, cancellation_reason, cancellation_feedback,
        source, time_precision, adjustment_reason, is_estimated, billing_check,
        billing_note
    from {{ ref("int_stripe__events") }}
)
{{ stripe_saas.mart("final", by="subscription_id", is_figure=false) }}
