-- One row per invoice and attempt to pay it that Stripe keeps, with what it was paid by.
with source as (
    {{ stripe_saas.raw_stream("invoice_payments", {
        "id": "key", "invoice": "key", "status": "text", "payment": "json",
        "amount_paid": "integer", "status_transitions": "json"
    }) }}
),
final as (
    select
        id as invoice_payment_id, invoice as invoice_id, status,
        amount_paid as amount_paid_minor,
        {{ stripe_saas.from_epoch(stripe_saas.json_text("status_transitions", "paid_at")) }} as paid_at,
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("payment", "payment_intent")) }} as payment_intent_id,
        {{ stripe_saas.key_beside("id", stripe_saas.json_text("payment", "charge")) }} as charge_id
    from source
)
select * from final
