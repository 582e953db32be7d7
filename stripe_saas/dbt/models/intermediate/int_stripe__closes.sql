-- One row per month that is closed: its close. Of a month that was closed again, the last one; none
-- of a month that is open again.
with closes as (
    {{ stripe_saas.closed_table("closes", {
        "close_number": "integer", "kind": "text", "month_start": "date", "noted_at": "integer",
        "as_of_at": "moment", "ended_at": "moment", "model_options": "text", "close_hash": "text"
    }) }}
),
placed as (
    select
        *,
        row_number() over (partition by month_start order by close_number desc) as place
    from closes
),
final as (
    select
        placed.close_number, placed.month_start,
        {{ stripe_saas.add_to_date("placed.month_start", 1, "month") }} as next_month_start,
        {{ stripe_saas.from_epoch("placed.noted_at") }} as closed_at,
        placed.as_of_at, placed.ended_at, placed.close_hash,
        {{ stripe_saas.had_other_options("placed.model_options", [
            "reporting_timezone", "switch_window_hours", "switch_movements"
        ]) }} as had_other_days,
        {{ stripe_saas.had_other_options("placed.model_options", ["fx_mode", "reporting_currency"]) }}
            as had_other_rates,
        {{ stripe_saas.had_other_options("placed.model_options", ["reporting_currency"]) }}
            as had_other_reporting_currency
    from placed
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    where placed.place = 1
        and placed.kind = 'close'
        -- a past that is built again with `as_of` knows no later month
        and placed.ended_at <= as_of.as_of_at
)
select * from final
