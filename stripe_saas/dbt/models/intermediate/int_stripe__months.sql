-- One row per month of `reporting_timezone`, from the first ledger row to the moment *as of*.
with bounds as (
    select
        {{ stripe_saas.month_of("min(events.occurred_on)") }} as first_month
    from {{ ref("int_stripe__events") }} as events
),
numbers as (
    {{ dbt.generate_series(var("longest_history_months")) }}
),
months as (
    select {{ stripe_saas.add_to_date("bounds.first_month", stripe_saas.place_in_series("numbers"), "month") }} as month_start
    from numbers
    cross join bounds
),
final as (
    select
        months.month_start,
        {{ stripe_saas.add_to_date("months.month_start", 1, "month") }} as next_month_start,
        months.month_start = as_of.as_of_month as is_open
    from months
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    where months.month_start <= as_of.as_of_month
)
select * from final
