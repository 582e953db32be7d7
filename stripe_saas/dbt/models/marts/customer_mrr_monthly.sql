-- One row per client, currency and month that it began or ended with MRR, or left in while paused.
with movements as (
    select client_id, currency, period_start as month_start, movement, mrr_before_minor, mrr_after_minor
    from {{ ref("int_stripe__client_month_movements") }}
    where basis = 'currency'
),
closings as (
    select client_id, currency, month_start, closing_minor
    from {{ ref("int_stripe__client_months") }}
),
client_months as (
    select client_id, currency, month_start from closings
    {{ stripe_saas.set_union() }}
    select client_id, currency, month_start from movements
),
-- without a movement a month closes as it opened
final as (
    select
        client_months.client_id, client_months.month_start as date_month, client_months.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        coalesce(movements.movement, 'retained') as category,
        coalesce(movements.mrr_before_minor, closings.closing_minor) as opening_minor,
        coalesce(movements.mrr_after_minor - movements.mrr_before_minor, 0) as change_minor,
        coalesce(closings.closing_minor, 0) as closing_minor,
        client_months.month_start = as_of.as_of_month as is_open
    from client_months
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join closings
        on client_months.client_id = closings.client_id
        and client_months.currency = closings.currency
        and client_months.month_start = closings.month_start
    left join movements
        on client_months.client_id = movements.client_id
        and client_months.currency = movements.currency
        and client_months.month_start = movements.month_start
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("client_months.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="client_id") }}
