-- One row per change of a subscription's plan, from one to the other.
with periods as (
    select
        *,
        lag(plan) over (partition by subscription_id order by valid_from) as from_plan,
        lag(price_id) over (partition by subscription_id order by valid_from) as from_price_id,
        lag(quantity) over (partition by subscription_id order by valid_from) as from_quantity,
        lag(mrr_minor) over (partition by subscription_id order by valid_from) as from_mrr_minor,
        lag(list_mrr_minor) over (partition by subscription_id order by valid_from)
            as from_list_mrr_minor
    from {{ ref("int_stripe__subscription_periods") }}
),
final as (
    select
        period_id as event_id, valid_from as changed_at, subscription_id, customer_id, client_id,
        case
            when list_mrr_minor > from_list_mrr_minor then 'upgrade'
            when list_mrr_minor < from_list_mrr_minor then 'downgrade'
            else 'sidegrade'
        end as direction,
        from_plan, plan as to_plan, from_price_id, price_id as to_price_id, from_quantity,
        quantity as to_quantity, currency, currency_exponent, from_mrr_minor,
        mrr_minor as to_mrr_minor, mrr_minor - from_mrr_minor as mrr_delta_minor, time_precision
    from periods
    where from_price_id <> price_id and is_plan_change
)
{{ stripe_saas.mart("final", by="subscription_id", is_figure=false) }}
