-- One row per refund.
with source as (
    {{ stripe_saas.raw_stream("refunds", {
        "id": "key", "charge": "key", "currency": "currency", "created": "moment",
        "amount": "integer", "status": "text", "reason": "text", "balance_transaction": "key"
    }) }}
),
final as (
    select
        id as refund_id, charge as charge_id, currency, created as created_at, amount as amount_minor,
        status, reason, balance_transaction as balance_transaction_id
    from source
)
select * from final
