-- One row per currency: the factor of the last month that has one, by which cohorts are compared:
-- exchange rates neither keep nor lose a client. Null where no rate is known.
with placed as (
    select
        currency, factor,
        row_number() over (
            partition by currency
            order by case when factor is null then 1 else 0 end, month_start desc
        ) as place
    from {{ ref("int_stripe__fx_rates") }}
),
final as (
    select currency, factor from placed where place = 1
)
select * from final
