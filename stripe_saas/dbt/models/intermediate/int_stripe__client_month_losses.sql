-- One row per basis, currency, month and client that moved in it: what of its opening MRR was lost.
-- The rates of mrr_monthly are made of it, so that what is divided is part of what it is divided by.
with movements as (
    select
        *,
        {{ stripe_saas.month_of("period_start") }} as month_start
    from {{ ref(
        "int_stripe__client_month_movements"
        if stripe_saas.one_of("month_movements", ["daily", "net"]) == "net"
        else "int_stripe__client_day_movements"
    ) }}
),
placed as (
    select
        *,
        row_number() over (
            partition by basis, currency, client_id, month_start order by period_start
        ) as place,
        row_number() over (
            partition by basis, currency, client_id, month_start order by period_start desc
        ) as place_from_end
    from movements
),
client_months as (
    select
        basis, currency, month_start, client_id,
        max(case when place = 1 then mrr_before_minor end) as opening_minor,
        max(case when place = 1 then {{ stripe_saas.flag("had_mrr") }} end) as is_of_opening,
        -- the night between the two halves of a switch is no loss, unless the month ends in it
        min(case
            when is_switch and mrr_after_minor = 0 and place_from_end > 1 then null
            else mrr_after_minor
        end) as lowest_minor,
        {{ stripe_saas.whole("sum(mrr_delta_minor)") }} as change_minor,
        max({{ stripe_saas.flag("movement = 'churn'") }}) as has_churned,
        max({{ stripe_saas.flag("movement = 'new'") }}) as is_new
    from placed
    group by 1, 2, 3, 4
),
-- whoever is new in one currency is new in all of them that month
of_clients as (
    select
        *,
        max(is_new) over (partition by basis, month_start, client_id) as is_new_client
    from client_months
),
final as (
    select
        basis, currency, month_start, client_id,
        case when lowest_minor < opening_minor then opening_minor - lowest_minor else 0 end
            as lost_minor,
        case when is_new_client = 1 then 0 else -change_minor end as net_lost_minor,
        is_of_opening * has_churned as is_lost_customer
    from of_clients
)
select * from final
