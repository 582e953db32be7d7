-- One row per day of `reporting_timezone`, from the first ledger row to the moment *as of*.
with bounds as (
    select min(occurred_on) as first_day from {{ ref("int_stripe__events") }}
),
numbers as (
    {{ dbt.generate_series(31) }}
),
days as (
    select
        {{ stripe_saas.add_to_date("months.month_start", stripe_saas.place_in_series("numbers")) }} as date_day,
        months.month_start, months.next_month_start, months.is_open
    from {{ ref("int_stripe__months") }} as months
    cross join numbers
),
final as (
    select
        days.date_day, days.month_start,
        days.date_day = as_of.as_of_date
        or {{ stripe_saas.add_to_date("days.date_day", 1) }} = days.next_month_start as is_month_end
    from days
    cross join bounds
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    where days.date_day < days.next_month_start
        and days.date_day >= bounds.first_day
        and days.date_day <= as_of.as_of_date
)
select * from final
