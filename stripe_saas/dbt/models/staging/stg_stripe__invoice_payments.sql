-- One row per invoice and attempt to pay it that Stripe keeps, with what it was paid by.
with source as (
    {{ stripe_saas.raw_stream("invoice_payments", {
        "id": "key", "invoice": "key", "status": "text", "payment": "json"
    }) }}
),
final as (
    select
        id as invoice_payment_id, invoice as invoice_id, status,
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("payment", "payment_intent")) }} as payment_intent_id,
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("payment", "charge")) }} as charge_id
    from source
)
select * from final
