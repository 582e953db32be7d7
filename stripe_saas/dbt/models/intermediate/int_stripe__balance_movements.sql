-- One row per movement of the Stripe balance, with the line of the books that it belongs to.
with transactions as (
    select * from {{ ref("stg_stripe__balance_transactions") }}
),
final as (
    select
        balance_transaction_id, currency, created_at, available_at,
        {{ stripe_saas.local_period("created_at") }} as date_day,
        amount_minor, fee_minor, net_minor, type, reporting_category, source_id,
        case
            when type in ('payout', 'payout_cancel', 'payout_failure')
                or reporting_category in ('payout', 'payout_reversal') then 'payout'
            when reporting_category in ('charge', 'charge_failure')
                or type in ('charge', 'payment', 'payment_failure_refund') then 'gross'
            when reporting_category in ('refund', 'refund_failure', 'partial_capture_reversal')
                or type in ('refund', 'payment_refund', 'refund_failure') then 'refund'
            when reporting_category in ('dispute', 'dispute_reversal') then 'dispute'
            when reporting_category in ('fee', 'network_cost', 'tax')
                or type in ('stripe_fee', 'stripe_fx_fee', 'tax_fee') then 'fee'
            else 'other'
        end as line
    from transactions
)
select * from final
