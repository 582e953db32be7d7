-- One row per invoice of which a payment failed, with when that was first known.
-- Three witnesses: the ledger (each attempt, while Stripe keeps events), charges that failed, and the
-- invoice's own count of automatic attempts. One paid by hand after a failure counts one attempt.
with invoices as (
    select * from {{ ref("stg_stripe__invoices") }}
),
-- an invoice knows its payments by their intent, by a charge, or (older versions) is named by it
charges as (
    select charge_id, status, created_at, payment_intent_id, invoice_id
    from {{ ref("stg_stripe__charges") }}
    where status in ('failed', 'pending')
),
payments as (
    select distinct invoice_id, payment_intent_id, charge_id
    from {{ ref("stg_stripe__invoice_payments") }}
),
charges_of_invoices as (
    select payments.invoice_id, charges.charge_id, charges.status, charges.created_at
    from charges
    inner join payments on charges.payment_intent_id = payments.payment_intent_id
    {{ stripe_saas.set_union() }}
    select payments.invoice_id, charges.charge_id, charges.status, charges.created_at
    from charges
    inner join payments on charges.charge_id = payments.charge_id
    {{ stripe_saas.set_union() }}
    select invoice_id, charge_id, status, created_at from charges where invoice_id is not null
),
by_charges as (
    select
        invoice_id,
        min(case when status = 'failed' then created_at end) as failed_at,
        sum({{ stripe_saas.flag("status = 'pending'") }}) as pending_charges
    from charges_of_invoices
    group by 1
),
by_ledger as (
    select invoice_id, min(occurred_at) as failed_at
    from {{ ref("int_stripe__events") }}
    where event_type = 'payment_failed' and invoice_id is not null
    group by 1
),
final as (
    select
        invoices.invoice_id,
        coalesce(
            {{ stripe_saas.earlier_of("by_ledger.failed_at", "by_charges.failed_at") }},
            invoices.finalized_at, invoices.created_at
        ) as failed_at
    from invoices
    left join by_ledger on invoices.invoice_id = by_ledger.invoice_id
    left join by_charges on invoices.invoice_id = by_charges.invoice_id
    where by_ledger.invoice_id is not null
        or by_charges.failed_at is not null
        -- the last attempt of a paid invoice went well; one under way has not failed yet
        or invoices.attempt_count
        > case when invoices.status in ('paid', 'unknown') then 1
            else coalesce(by_charges.pending_charges, 0) end
)
select * from final
