-- One row per dispute.
with source as (
    {{ stripe_saas.raw_stream("disputes", {
        "id": "key", "charge": "key", "currency": "currency", "created": "moment",
        "amount": "integer", "status": "text", "reason": "text"
    }) }}
),
final as (
    select
        id as dispute_id, charge as charge_id, currency, created as created_at,
        amount as amount_minor, status, reason
    from source
)
select * from final
