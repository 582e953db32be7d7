-- One row per currency of the Stripe balance and month: how it opened, what moved it, how it closed.
{%- set parts = ["gross", "refunds", "disputes", "fees", "other", "net", "payouts", "balance_change"] %}
with days as (
    {{ stripe_saas.figures_of("revenue_daily") }}
),
sums as (
    select
        date_month, currency, min(currency_exponent) as currency_exponent,
        {%- for part in parts %}
        {{ stripe_saas.whole("sum(" ~ part ~ "_minor)") }} as {{ part }}_minor{{ "," if not loop.last }}
        {%- endfor %}
    from days
    group by 1, 2
),
-- a month in which nothing moved has a balance, too
numbers as (
    {{ dbt.generate_series(var("longest_history_months")) }}
),
spans as (
    select currency, min(currency_exponent) as currency_exponent, min(date_month) as first_month
    from sums
    group by 1
),
months as (
    select
        spans.currency, spans.currency_exponent,
        {{ stripe_saas.add_to_date("spans.first_month", stripe_saas.place_in_series("numbers"), "month") }}
            as date_month
    from spans
    cross join numbers
    {{ stripe_saas.set_union() }}
    select currency, currency_exponent, date_month from sums
),
filled as (
    select
        months.date_month, months.currency, months.currency_exponent,
        {%- for part in parts %}
        coalesce(sums.{{ part }}_minor, 0) as {{ part }}_minor,
        {%- endfor %}
        months.date_month >= as_of.as_of_month as is_open
    from months
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join sums on months.currency = sums.currency and months.date_month = sums.date_month
    where months.date_month <= as_of.as_of_month or sums.currency is not null
),
rolled as (
    select
        *,
        {{ stripe_saas.whole("sum(balance_change_minor) over (
            partition by currency order by date_month rows unbounded preceding
        )") }} as closing_minor
    from filled
),
final as (
    select
        date_month, currency, currency_exponent, closing_minor - balance_change_minor as opening_minor,
        gross_minor, refunds_minor, disputes_minor, fees_minor, other_minor, net_minor,
        payouts_minor, closing_minor, is_open
    from rolled
)
{{ stripe_saas.mart("final", by="currency") }}
