-- One row per subscription and span of time in which its MRR, plan, quantity and status stood still.
with items as (
    select
        event_id,
        count(*) as item_count,
        {{ stripe_saas.whole("sum(quantity)") }} as quantity
    from {{ ref("int_stripe__state_items") }}
    group by 1
),
-- the item worth most names the plan
main_items as (
    select event_id, price_id, product_id, plan, tier
    from {{ ref("int_stripe__state_items") }}
    where place = 1
),
final as (
    select
        states.event_id as period_id, states.subscription_id, states.customer_id, states.client_id,
        states.valid_from, states.valid_to, states.valid_to is null as is_current,
        states.event_type as started_by, states.is_plan_change, states.status, states.is_suspended, states.currency,
        states.currency_exponent, states.mrr_minor, states.list_mrr_minor,
        main_items.price_id, main_items.product_id, main_items.plan, main_items.tier,
        items.quantity, coalesce(items.item_count, 0) as item_count, states.time_precision
    from {{ ref("int_stripe__states") }} as states
    left join items on states.event_id = items.event_id
    left join main_items on states.event_id = main_items.event_id
)
select * from final
