-- One row per currency and day from today to two years ahead: MRR that follows from what is known now (M66).
{%- set reasons = {
    "end": "leaving", "trial_end": "trials", "resume": "resuming", "phase": "phases",
    "discount_end": "discounts"
} %}
with as_of as (
    select * from {{ ref("stg_stripe__as_of") }}
),
numbers as (
    {{ dbt.generate_series(733) }}
),
days as (
    select {{ stripe_saas.add_to_date("as_of.as_of_date", stripe_saas.place_in_series("numbers")) }} as date_day
    from numbers
    cross join as_of
),
standing as (
    select
        currency, currency_exponent, {{ stripe_saas.whole("sum(mrr_minor)") }} as mrr_minor
    from {{ ref("int_stripe__subscriptions") }}
    where currency is not null
    group by 1, 2
),
changes as (
    select
        currency, changes_on,
        {%- for reason, name in reasons.items() %}
        {{ stripe_saas.whole("sum(case when reason = '" ~ reason ~ "' then mrr_delta_minor else 0 end)") }}
            as {{ name }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("sum(mrr_delta_minor)") }} as change_minor
    from {{ ref("int_stripe__contracted_changes") }}
    group by 1, 2
),
filled as (
    select
        days.date_day, standing.currency, standing.currency_exponent, standing.mrr_minor,
        {%- for name in reasons.values() %}
        coalesce(changes.{{ name }}_minor, 0) as {{ name }}_minor,
        {%- endfor %}
        coalesce(changes.change_minor, 0) as change_minor
    from days
    cross join standing
    cross join as_of
    left join changes
        on standing.currency = changes.currency and days.date_day = changes.changes_on
    where days.date_day <= {{ stripe_saas.add_to_date("as_of.as_of_date", 24, "month") }}
),
rolled as (
    select
        *,
        mrr_minor + {{ stripe_saas.whole("sum(change_minor) over (
            partition by currency order by date_day rows unbounded preceding
        )") }} as closing_minor
    from filled
),
final as (
    select
        date_day, {{ stripe_saas.month_of("date_day") }} as date_month, currency, currency_exponent,
        closing_minor - change_minor as opening_minor,
        {%- for name in reasons.values() %}
        {{ name }}_minor,
        {%- endfor %}
        closing_minor
    from rolled
)
{{ stripe_saas.mart("final", by="currency") }}
