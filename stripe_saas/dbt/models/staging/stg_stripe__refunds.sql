-- One row per refund.
with source as (
    {{ stripe_saas.raw_stream("refunds", {
        "id": "text", "charge": "text", "currency": "text", "created": "moment",
        "amount": "integer", "status": "text", "reason": "text", "balance_transaction": "text"
    }) }}
),
final as (
    select
        id as refund_id, charge as charge_id, currency, created as created_at, amount as amount_minor,
        status, reason, balance_transaction as balance_transaction_id
    from source
)
select * from final
