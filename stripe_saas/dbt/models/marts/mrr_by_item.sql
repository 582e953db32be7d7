-- One row per month, subscription and price of an item: its MRR at the month's end (or as of the last
-- sync), and what invoices billed for the days of the month.
with states as (
    select
        event_id, subscription_id, currency,
        -- asked of the moment itself: DuckDB 1.4 thinks that date_trunc never gives null
        valid_to is null as is_current,
        {{ stripe_saas.local_period("valid_from") }} as valid_from_day,
        {{ stripe_saas.local_period("valid_to") }} as valid_to_day
    from {{ ref("int_stripe__states") }}
    where mrr_minor <> 0
),
contracted as (
    select
        months.month_start as date_month, states.subscription_id, items.price_id, states.currency,
        {{ stripe_saas.whole("sum(coalesce(items.quantity, 1))") }} as quantity,
        {{ stripe_saas.whole("sum(items.mrr_minor)") }} as mrr_minor
    from {{ ref("int_stripe__months") }} as months
    inner join states
        on states.valid_from_day < months.next_month_start
        and (states.is_current or states.valid_to_day >= months.next_month_start)
    inner join {{ ref("int_stripe__state_items") }} as items
        on states.event_id = items.event_id
    where items.mrr_minor <> 0
    group by 1, 2, 3, 4
),
-- each month has the part of a line that is for its days (M63), less what was taken back
billed as (
    select
        schedule.date_month, lines.subscription_id, lines.price_id, lines.currency,
        {{ stripe_saas.whole("sum(schedule.recognised_minor)") }} as billed_minor
    from {{ ref("int_stripe__revenue_schedule") }} as schedule
    inner join {{ ref("int_stripe__invoice_lines") }} as lines on schedule.line_id = lines.line_id
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    where lines.line_kind in ('recurring', 'proration')
        and lines.subscription_id is not null and lines.price_id is not null
        and schedule.recognised_minor <> 0 and schedule.date_month <= as_of.as_of_month
    group by 1, 2, 3, 4
),
both_sides as (
    select date_month, subscription_id, price_id, currency, quantity, mrr_minor, 0 as billed_minor
    from contracted
    union all
    select date_month, subscription_id, price_id, currency, 0 as quantity, 0 as mrr_minor, billed_minor
    from billed
),
summed as (
    select
        date_month, subscription_id, price_id, currency,
        {{ stripe_saas.whole("sum(quantity)") }} as quantity,
        {{ stripe_saas.whole("sum(mrr_minor)") }} as mrr_minor,
        {{ stripe_saas.whole("sum(billed_minor)") }} as billed_minor
    from both_sides
    group by 1, 2, 3, 4
),
final as (
    select
        summed.date_month, summed.subscription_id, subscriptions.customer_id,
        subscriptions.client_id, summed.price_id, plans.product_id, plans.product_name,
        coalesce(plans.plan, {{ stripe_saas.plain("summed.price_id") }}) as plan, plans.tier,
        summed.currency, coalesce(exponents.currency_exponent, 2) as currency_exponent,
        summed.quantity, summed.mrr_minor, summed.billed_minor,
        summed.billed_minor - summed.mrr_minor as difference_minor,
        summed.date_month = as_of.as_of_month as is_open
    from summed
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join {{ ref("int_stripe__subscriptions") }} as subscriptions
        on summed.subscription_id = subscriptions.subscription_id
    left join {{ ref("int_stripe__plans") }} as plans on summed.price_id = plans.price_id
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("summed.currency") }} = exponents.currency
    where summed.mrr_minor <> 0 or summed.billed_minor <> 0
)
{{ stripe_saas.mart("final", by="subscription_id", is_figure=false) }}
