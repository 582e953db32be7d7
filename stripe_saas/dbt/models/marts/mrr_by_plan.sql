-- One row per month, currency and plan that had MRR at the month's end (or as of the last sync).
with states as (
    select
        event_id, client_id, currency, currency_exponent,
        -- asked of the moment itself: DuckDB 1.4 thinks that date_trunc never gives null
        valid_to is null as is_current,
        {{ stripe_saas.local_period("valid_from") }} as valid_from_day,
        {{ stripe_saas.local_period("valid_to") }} as valid_to_day
    from {{ ref("int_stripe__states") }}
    where mrr_minor <> 0
),
final as (
    select
        months.month_start as date_month, states.currency, states.currency_exponent,
        items.plan, min(items.tier) as tier,
        {{ stripe_saas.whole("sum(items.mrr_minor)") }} as mrr_minor,
        count(distinct states.client_id) as customers,
        {{ stripe_saas.whole("sum(coalesce(items.quantity, 1))") }} as quantity
    from {{ ref("int_stripe__months") }} as months
    inner join states
        on states.valid_from_day < months.next_month_start
        and (states.is_current or states.valid_to_day >= months.next_month_start)
    inner join {{ ref("int_stripe__state_items") }} as items
        on states.event_id = items.event_id
    where items.mrr_minor <> 0
    group by 1, 2, 3, 4
)
{{ stripe_saas.mart("final", by="currency") }}
