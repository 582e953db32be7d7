-- One row per subscription as it is now: its last period, and what Stripe's object says of its dates.
-- One that no row of the ledger tells of, as where it was not read, has MRR 0 and the plan of its items.
with periods as (
    select * from {{ ref("int_stripe__subscription_periods") }} where is_current
),
subscriptions as (
    select * from {{ ref("stg_stripe__subscriptions") }}
),
items as (
    select
        items.subscription_id, items.price_id, plans.product_id, plans.plan, plans.tier,
        {{ stripe_saas.whole("sum(items.quantity) over (partition by items.subscription_id)") }}
            as quantity,
        min(items.period_ends_at) over (partition by items.subscription_id) as period_ends_at,
        row_number() over (
            partition by items.subscription_id
            order by coalesce(plans.unit_amount_minor, 0) * coalesce(items.quantity, 1) desc,
                items.price_id, items.subscription_item_id
        ) as place
    from {{ ref("stg_stripe__subscription_items") }} as items
    left join {{ ref("int_stripe__plans") }} as plans on items.price_id = plans.price_id
),
main_items as (
    select * from items where place = 1
),
known as (
    select subscription_id from periods
    {{ stripe_saas.set_union() }}
    select subscription_id from subscriptions
),
joined as (
    select
        known.subscription_id,
        coalesce(periods.customer_id, subscriptions.customer_id) as customer_id,
        coalesce(
            periods.client_id, identities.client_id, periods.customer_id, subscriptions.customer_id
        ) as client_id,
        coalesce(periods.currency, subscriptions.currency) as currency,
        coalesce(periods.currency_exponent, exponents.currency_exponent, 2) as currency_exponent,
        coalesce(periods.mrr_minor, 0) as mrr_minor,
        coalesce(periods.list_mrr_minor, 0) as list_mrr_minor,
        coalesce(periods.price_id, main_items.price_id) as price_id,
        coalesce(periods.product_id, main_items.product_id) as product_id,
        coalesce(periods.plan, main_items.plan) as plan,
        coalesce(periods.tier, main_items.tier) as tier,
        coalesce(periods.quantity, main_items.quantity) as quantity,
        coalesce(periods.is_suspended, false) as is_suspended,
        periods.subscription_id is not null as has_events,
        coalesce(subscriptions.status, periods.status) as status,
        periods.status as status_of_events,
        subscriptions.created_at, subscriptions.trial_ends_at, subscriptions.canceled_at,
        subscriptions.ended_at, subscriptions.collection_method,
        subscriptions.default_payment_method_id,
        coalesce(
            subscriptions.cancel_at,
            case when subscriptions.is_canceling_at_period_end then main_items.period_ends_at end
        ) as cancel_at,
        main_items.period_ends_at
    from known
    left join periods on known.subscription_id = periods.subscription_id
    left join subscriptions on known.subscription_id = subscriptions.subscription_id
    left join main_items on known.subscription_id = main_items.subscription_id
    left join {{ ref("int_stripe__identities") }} as identities
        on subscriptions.customer_id = identities.customer_id
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("subscriptions.currency") }} = exponents.currency
),
final as (
    select
        *,
        status not in ('canceled', 'incomplete_expired') as is_running
    from joined
)
select
    *,
    case
        when is_running and (cancel_at is null or cancel_at > period_ends_at)
            and status in ('active', 'past_due', 'trialing') then period_ends_at
    end as renews_at
from final
