-- One row per subscription schedule that still moves its subscription.
with source as (
    {{ stripe_saas.raw_stream("subscription_schedule", {
        "id": "key", "subscription": "key", "status": "text", "end_behavior": "text",
        "phases": "json"
    }) }}
),
final as (
    select
        id as schedule_id, subscription as subscription_id, status, end_behavior, phases
    from source
    where status in ('active', 'not_started') and subscription is not null
)
select * from final
