-- One row per item of a subscription that runs.
with items as (
    select * from {{ ref("stg_stripe__subscription_items") }}
),
current_items as (
    select state_items.subscription_item_id, state_items.mrr_minor
    from {{ ref("int_stripe__state_items") }} as state_items
    inner join {{ ref("int_stripe__states") }} as states
        on state_items.event_id = states.event_id and states.valid_to is null
),
-- an item swapped for another of its id at one second stands once
shares as (
    select subscription_item_id, {{ stripe_saas.whole("sum(mrr_minor)") }} as mrr_minor
    from current_items
    group by 1
),
final as (
    select
        items.subscription_item_id, items.subscription_id, subscriptions.customer_id,
        subscriptions.client_id, subscriptions.status, items.price_id, plans.product_id,
        plans.product_name, plans.plan, plans.tier, plans.billing_interval, plans.interval_count,
        items.usage_type, items.meter_id, items.quantity, subscriptions.currency,
        subscriptions.currency_exponent, coalesce(shares.mrr_minor, 0) as mrr_minor,
        items.period_started_at, items.period_ends_at
    from items
    inner join {{ ref("int_stripe__subscriptions") }} as subscriptions
        on items.subscription_id = subscriptions.subscription_id
    left join {{ ref("int_stripe__plans") }} as plans on items.price_id = plans.price_id
    left join shares on items.subscription_item_id = shares.subscription_item_id
    where subscriptions.is_running
)
{{ stripe_saas.mart("final", by="subscription_id", is_figure=false, metadata=["subscriptions", "subscription_id"]) }}
