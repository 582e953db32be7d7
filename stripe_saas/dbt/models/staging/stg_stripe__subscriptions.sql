-- One row per subscription, as it is now.
with source as (
    {{ stripe_saas.raw_stream("subscriptions", {
        "id": "key", "customer": "key", "customer_account": "key", "status": "text",
        "currency": "currency", "created": "moment", "start_date": "moment", "trial_start": "moment",
        "trial_end": "moment", "cancel_at": "moment", "cancel_at_period_end": "boolean",
        "canceled_at": "moment", "ended_at": "moment", "collection_method": "text",
        "cancellation_details": "json", "pause_collection": "json", "discounts": "json",
        "metadata": "json", "latest_invoice": "key", "default_payment_method": "key",
        "default_source": "key", "trial_settings": "json", "items": "json"
    }) }}
),
final as (
    select
        id as subscription_id, coalesce(customer, customer_account) as customer_id, status, currency,
        created as created_at, start_date as started_at, trial_start as trial_started_at,
        trial_end as trial_ends_at, cancel_at,
        coalesce(cancel_at_period_end, false) as is_canceling_at_period_end,
        canceled_at, ended_at, collection_method,
        {{ stripe_saas.json_text("cancellation_details", "reason") }} as cancellation_reason,
        {{ stripe_saas.json_text("cancellation_details", "feedback") }} as cancellation_feedback,
        {{ stripe_saas.json_text("pause_collection", "behavior") }} as pause_behavior,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("pause_collection", "resumes_at")) }}
            as resumes_at,
        {{ stripe_saas.json_text("trial_settings", "end_behavior", "missing_payment_method") }}
            as missing_payment_method,
        {{ stripe_saas.json_part("items", "data") }} as item_list,
        discounts, metadata, latest_invoice as latest_invoice_id,
        default_payment_method as default_payment_method_id,
        default_source as default_source_id
    from source
)
select * from final
