-- One row per subscription whose renewal comes within `renewal_due_days`.
with final as (
    select
        subscriptions.subscription_id, subscriptions.customer_id, subscriptions.client_id,
        subscriptions.renews_at,
        {{ stripe_saas.whole(dbt.datediff("as_of.as_of_at", "subscriptions.renews_at", "day")) }}
            as days_left,
        subscriptions.status, subscriptions.plan, subscriptions.tier, subscriptions.quantity,
        plans.billing_interval, plans.interval_count, subscriptions.currency,
        subscriptions.currency_exponent, subscriptions.mrr_minor
    from {{ ref("int_stripe__subscriptions") }} as subscriptions
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join {{ ref("int_stripe__plans") }} as plans on subscriptions.price_id = plans.price_id
    where subscriptions.renews_at >= as_of.as_of_at
        and subscriptions.renews_at
        < {{ dbt.dateadd("day", var("renewal_due_days"), "as_of.as_of_at") }}
)
select * from final
