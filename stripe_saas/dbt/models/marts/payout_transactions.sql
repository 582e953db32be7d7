-- One row per payout and balance transaction that it paid out, with whose money it is.
with transactions as (
    select * from {{ ref("int_stripe__payout_transactions") }}
),
final as (
    select
        transactions.payout_id, transactions.balance_transaction_id, transactions.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        payouts.created_at as payout_created_at, payouts.arrives_at as payout_arrives_at,
        transactions.created_at, transactions.type,
        case when transactions.line = 'gross' then 'charge' else transactions.line end as category,
        transactions.amount_minor, transactions.fee_minor, transactions.net_minor,
        sources.charge_id, sources.customer_id, sources.client_id, sources.invoice_id,
        sources.subscription_id
    from transactions
    inner join {{ ref("stg_stripe__payouts") }} as payouts
        on transactions.payout_id = payouts.payout_id
    left join {{ ref("int_stripe__balance_sources") }} as sources
        on transactions.balance_transaction_id = sources.balance_transaction_id
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("transactions.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="payout_id", is_figure=false) }}
