-- One row per account (`all` for all of them) and month: the opening balance of all clients at the month's own rates, each client's
-- rounded, which the movements of the month can be divided by. No rows unless `fx_mode` is month_end.
with clients as (
    select
        balances.client_id, months.month_start,
        {{ stripe_saas.in_reporting("balances.closing_minor") }} as opening_minor
    from {{ ref("int_stripe__client_months") }} as balances
    inner join {{ ref("int_stripe__months") }} as months
        on months.month_start = {{ stripe_saas.add_to_date("balances.month_start", 1, "month") }}
    left join {{ ref("int_stripe__fx_rates") }} as rates
        on balances.currency = rates.currency and months.month_start = rates.month_start
    where '{{ var("fx_mode") }}' = 'month_end'
    group by 1, 2
),
final as (
    select
        {{ stripe_saas.account_of("client_id") }} as account_id, month_start,
        {{ stripe_saas.whole("sum(opening_minor)") }} as opening_minor
    from clients
    group by 1, 2
)
select * from final
