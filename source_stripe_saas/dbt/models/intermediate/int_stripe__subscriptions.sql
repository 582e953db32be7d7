-- One row per subscription as it is now: its last period, and what Stripe's object says of its dates.
with periods as (
    select * from {{ ref("subscription_periods") }} where is_current
),
item_ends as (
    select subscription_id, min(period_ends_at) as period_ends_at
    from {{ ref("stg_stripe__subscription_items") }}
    group by 1
),
final as (
    select
        periods.subscription_id, periods.customer_id, periods.client_id, periods.currency,
        periods.currency_exponent, periods.mrr_minor, periods.list_mrr_minor, periods.price_id,
        periods.product_id, periods.plan, periods.tier, periods.quantity, periods.is_suspended,
        coalesce(subscriptions.status, periods.status) as status,
        periods.status as status_of_events,
        subscriptions.created_at, subscriptions.trial_ends_at, subscriptions.canceled_at,
        subscriptions.ended_at, subscriptions.collection_method,
        coalesce(subscriptions.status, periods.status) not in ('canceled', 'incomplete_expired')
            as is_running,
        coalesce(
            subscriptions.cancel_at,
            case when subscriptions.is_canceling_at_period_end then item_ends.period_ends_at end
        ) as cancel_at,
        item_ends.period_ends_at
    from periods
    left join {{ ref("stg_stripe__subscriptions") }} as subscriptions
        on periods.subscription_id = subscriptions.subscription_id
    left join item_ends on periods.subscription_id = item_ends.subscription_id
)
select
    *,
    case
        when is_running and cancel_at is null and status in ('active', 'past_due', 'trialing')
            then period_ends_at
    end as renews_at
from final
