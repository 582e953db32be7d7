-- One row per movement of the Stripe balance, with whose money it is.
with movements as (
    select * from {{ ref("int_stripe__balance_movements") }}
),
final as (
    select
        movements.balance_transaction_id, movements.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        movements.created_at, movements.available_at, movements.date_day,
        {{ stripe_saas.month_of("movements.date_day") }} as date_month, movements.type,
        movements.reporting_category,
        case when movements.line = 'gross' then 'charge' else movements.line end as category,
        movements.amount_minor, movements.fee_minor, movements.net_minor, movements.source_id,
        sources.charge_id, sources.customer_id, sources.client_id, sources.invoice_id,
        sources.subscription_id, sources.payout_id
    from movements
    inner join {{ ref("int_stripe__balance_sources") }} as sources
        on movements.balance_transaction_id = sources.balance_transaction_id
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("movements.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="balance_transaction_id", is_figure=false) }}
