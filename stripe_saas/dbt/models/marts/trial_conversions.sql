-- One row per month in which trials began, currency and plan.
with trials as (
    select
        *,
        {{ stripe_saas.local_period("started_at", "month") }} as cohort_month,
        {{ dbt.datediff(
            stripe_saas.local_period("started_at"), stripe_saas.local_period("converted_at"), "day"
        ) }} as days_to_convert
    from {{ ref("int_stripe__trials") }}
),
final as (
    select
        cohort_month, currency, plan,
        count(*) as trials,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("outcome = 'converted'") ~ ")") }} as conversions,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("outcome = 'expired'") ~ ")") }} as expired,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("outcome = 'pending'") ~ ")") }} as pending_trials,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("outcome = 'open'") ~ ")") }} as open_trials,
        {{ stripe_saas.share("sum(" ~ stripe_saas.flag("outcome = 'converted'") ~ ")", "count(*)") }}
            as conversion_rate,
        round(cast(avg(days_to_convert) as {{ stripe_saas.type_exact(28, 8) }}), 2)
            as average_days_to_convert
    from trials
    group by 1, 2, 3
)
{{ stripe_saas.mart("final", by="currency") }}
