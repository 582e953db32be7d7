-- One row per charge, failed ones included.
with source as (
    {{ stripe_saas.raw_stream("charges", {
        "id": "key", "customer": "key", "currency": "currency", "created": "moment",
        "amount": "integer", "amount_captured": "integer", "amount_refunded": "integer",
        "status": "text", "paid": "boolean", "captured": "boolean", "disputed": "boolean",
        "failure_code": "text", "balance_transaction": "key", "payment_intent": "key",
        "invoice": "key"
    }) }}
),
final as (
    select
        id as charge_id, customer as customer_id, currency, created as created_at,
        amount as amount_minor, amount_captured as amount_captured_minor,
        amount_refunded as amount_refunded_minor, status, paid as is_paid,
        captured as is_captured, disputed as is_disputed, failure_code,
        balance_transaction as balance_transaction_id,
        -- of API versions before basil; later ones say it in invoice_payments
        payment_intent as payment_intent_id, invoice as invoice_id
    from source
)
select * from final
