-- One row per subscription that runs or ended last of its client: what an application keeps for gating.
with metered as (
    select
        subscription_id,
        {{ stripe_saas.sorted_list(dbt.concat([
            stripe_saas.plain("meter_id"), "'='", stripe_saas.plain("subscription_item_id")
        ]), "','") }}
            as metered_item_ids
    from {{ ref("stg_stripe__subscription_items") }}
    where meter_id is not null
    group by 1
),
item_lists as (
    select
        subscription_id,
        {{ stripe_saas.sorted_list(stripe_saas.plain("subscription_item_id"), "','") }} as item_ids
    from {{ ref("stg_stripe__subscription_items") }}
    group by 1
),
placed as (
    select
        *,
        row_number() over (
            partition by client_id
            order by case when is_running then 0 else 1 end,
                case when ended_at is null then 1 else 0 end, ended_at desc, subscription_id
        ) as place
    from {{ ref("int_stripe__subscriptions") }}
),
final as (
    select
        placed.client_id, placed.customer_id, placed.subscription_id, placed.product_id,
        placed.plan, placed.tier, placed.status, placed.quantity,
        placed.status in ('active', 'trialing', 'past_due') as has_access,
        placed.trial_ends_at, placed.period_ends_at, placed.cancel_at,
        item_lists.item_ids, metered.metered_item_ids
    from placed
    left join item_lists on placed.subscription_id = item_lists.subscription_id
    left join metered on placed.subscription_id = metered.subscription_id
    where placed.is_running or placed.place = 1
)
{{ stripe_saas.mart("final", by="subscription_id", is_figure=false) }}
