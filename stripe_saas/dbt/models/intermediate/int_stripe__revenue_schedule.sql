-- One row per amount of revenue and month in which it is billed or some of it recognised: straight
-- line by day, rounded as a running total, so that the months add up to the amount (M63).
{%- set recognised_by -%}
    case
        when day <= billed_on then 0
        when day >= ends_on then amount_minor
        when day <= starts_on then 0
        else {{ stripe_saas.whole("round(cast(amount_minor * elapsed as "
            ~ stripe_saas.type_exact(28, 8) ~ ") / days, 0)") }}
    end
{%- endset %}
with entries as (
    select
        *, {{ dbt.datediff("starts_on", "ends_on", "day") }} as days,
        {{ stripe_saas.month_of("billed_on") }} as billed_month,
        {{ stripe_saas.month_of(stripe_saas.add_to_date("ends_on", -1)) }} as last_month
    from {{ ref("int_stripe__revenue_entries") }}
),
numbers as (
    {{ dbt.generate_series(var("longest_history_months")) }}
),
months as (
    select
        entries.kind, entries.invoice_id, entries.line_id, entries.currency, entries.billed_on,
        entries.starts_on, entries.ends_on, entries.amount_minor, entries.days, entries.billed_month,
        {{ stripe_saas.add_to_date("entries.billed_month", stripe_saas.place_in_series("numbers"), "month") }}
            as date_month
    from entries
    inner join numbers
        on {{ stripe_saas.place_in_series("numbers") }}
        <= case when entries.last_month > entries.billed_month
            then {{ dbt.datediff("entries.billed_month", "entries.last_month", "month") }} else 0 end
),
edges as (
    select
        months.*, {{ stripe_saas.add_to_date("date_month", 1, "month") }} as next_month_start
    from months
),
elapsed_days as (
    select
        edges.*,
        {{ dbt.datediff("starts_on", "date_month", "day") }} as days_before,
        {{ dbt.datediff("starts_on", "next_month_start", "day") }} as days_by_end
    from edges
),
final as (
    select
        kind, invoice_id, line_id, currency, date_month,
        case when date_month = billed_month then amount_minor else 0 end as billed_minor,
        {{ recognised_by | replace("day ", "next_month_start ") | replace("elapsed", "days_by_end") }}
        - {{ recognised_by | replace("day ", "date_month ") | replace("elapsed", "days_before") }}
            as recognised_minor
    from elapsed_days
)
select * from final
