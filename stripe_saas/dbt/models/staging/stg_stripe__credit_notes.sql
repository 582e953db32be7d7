-- One row per credit note.
with source as (
    {{ stripe_saas.raw_stream("credit_notes", {
        "id": "key", "invoice": "key", "currency": "currency", "created": "moment",
        "amount": "integer", "total_excluding_tax": "integer", "subtotal": "integer",
        "pre_payment_amount": "integer", "type": "text", "status": "text", "voided_at": "moment",
        "lines": "json"
    }) }}
),
final as (
    select
        id as credit_note_id, invoice as invoice_id, currency, created as created_at,
        amount as amount_minor,
        coalesce(total_excluding_tax, subtotal, amount) as amount_excluding_tax_minor,
        coalesce(pre_payment_amount, case when type = 'pre_payment' then amount else 0 end)
            as pre_payment_minor,
        status, case when status = 'void' then coalesce(voided_at, created) end as voided_at,
        {{ stripe_saas.json_part("lines", "data") }} as lines
    from source
)
select * from final
