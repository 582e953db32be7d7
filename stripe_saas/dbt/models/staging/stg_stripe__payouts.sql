-- One row per payout.
with source as (
    {{ stripe_saas.raw_stream("payouts", {
        "id": "key", "currency": "currency", "created": "moment", "arrival_date": "moment",
        "amount": "integer", "status": "text", "automatic": "boolean",
        "balance_transaction": "key", "reconciliation_status": "text"
    }) }}
),
final as (
    select
        id as payout_id, currency, created as created_at, arrival_date as arrives_at,
        amount as amount_minor, status, coalesce(automatic, false) as is_automatic,
        balance_transaction as balance_transaction_id, reconciliation_status
    from source
)
select * from final
