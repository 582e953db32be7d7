-- One row per account (`all` for all of them) and month: the closing balance of all clients in the reporting currency, each client's
-- rounded (M60). No rows unless `fx_mode` is month_end.
with clients as (
    select
        balances.client_id, balances.month_start,
        {{ stripe_saas.in_reporting("balances.closing_minor") }} as closing_minor
    from {{ ref("int_stripe__client_months") }} as balances
    left join {{ ref("int_stripe__fx_rates") }} as rates
        on balances.currency = rates.currency and balances.month_start = rates.month_start
    where '{{ var("fx_mode") }}' = 'month_end'
    group by 1, 2
),
sums as (
    select
        {{ stripe_saas.account_of("client_id") }} as account_id, month_start,
        {{ stripe_saas.whole("sum(closing_minor)") }} as closing_minor,
        sum({{ stripe_saas.flag("closing_minor is null") }}) as clients_without_rate
    from clients
    group by 1, 2
),
accounts as (
    select distinct {{ stripe_saas.account_of("client_id") }} as account_id
    from {{ ref("int_stripe__events") }}
),
final as (
    select
        accounts.account_id, months.month_start,
        coalesce(sums.closing_minor, 0) as closing_minor,
        coalesce(sums.closing_minor, 0)
        - coalesce(lag(sums.closing_minor) over (
            partition by accounts.account_id order by months.month_start
        ), 0) as change_minor,
        coalesce(sums.clients_without_rate, 0) as clients_without_rate
    from {{ ref("int_stripe__months") }} as months
    cross join accounts
    left join sums
        on months.month_start = sums.month_start and accounts.account_id = sums.account_id
    where '{{ var("fx_mode") }}' = 'month_end'
)
select * from final
