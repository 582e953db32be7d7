-- One row per charge that went through, with the invoice that it pays, if any.
with charges as (
    select
        charge_id, payment_intent_id, invoice_id, currency, created_at,
        coalesce(amount_captured_minor, amount_minor) as amount_minor
    from {{ ref("stg_stripe__charges") }}
    where status = 'succeeded' and is_captured
),
-- an invoice knows its payments by their intent, by a charge, or (older versions) is named by it
by_intent as (
    select payment_intent_id, max(invoice_id) as invoice_id
    from {{ ref("stg_stripe__invoice_payments") }}
    where payment_intent_id is not null
    group by 1
),
by_charge as (
    select charge_id, max(invoice_id) as invoice_id
    from {{ ref("stg_stripe__invoice_payments") }}
    where charge_id is not null
    group by 1
),
final as (
    select
        charges.charge_id, charges.currency, charges.created_at, charges.amount_minor,
        coalesce(charges.invoice_id, by_intent.invoice_id, by_charge.invoice_id) as invoice_id
    from charges
    left join by_intent on charges.payment_intent_id = by_intent.payment_intent_id
    left join by_charge on charges.charge_id = by_charge.charge_id
)
select * from final
