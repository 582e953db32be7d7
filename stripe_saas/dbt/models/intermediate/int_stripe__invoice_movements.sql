-- One row per thing that changed what is owed on an invoice, with its effect on that: its total, the
-- customer's balance, credit notes before payment, payments, and what was voided or written off (M65).
with invoices as (
    select *, coalesce(finalized_at, created_at) as billed_at
    from {{ ref("stg_stripe__invoices") }}
    where status <> 'draft'
),
payments as (
    select invoice_payment_id, invoice_id, amount_paid_minor, paid_at
    from {{ ref("stg_stripe__invoice_payments") }}
    where status = 'paid' and amount_paid_minor <> 0
),
payment_sums as (
    select invoice_id, {{ stripe_saas.whole("sum(amount_paid_minor)") }} as paid_minor
    from payments
    group by 1
),
charged_invoices as (
    select distinct invoice_id
    from {{ ref("int_stripe__invoice_charges") }}
    where invoice_id is not null
),
known as (
    select invoice_id, 'invoiced' as kind, billed_at as moved_at, total_minor as amount_minor
    from invoices
    union all
    select
        invoice_id, 'customer_balance' as kind, billed_at as moved_at,
        starting_balance_minor - ending_balance_minor as amount_minor
    from invoices
    where ending_balance_minor <> starting_balance_minor
    union all
    select
        notes.invoice_id, 'credit_note' as kind, notes.created_at as moved_at,
        -notes.pre_payment_minor as amount_minor
    from {{ ref("stg_stripe__credit_notes") }} as notes
    where notes.pre_payment_minor <> 0
    union all
    select
        notes.invoice_id, 'credit_note' as kind, notes.voided_at as moved_at,
        notes.pre_payment_minor as amount_minor
    from {{ ref("stg_stripe__credit_notes") }} as notes
    where notes.pre_payment_minor <> 0 and notes.voided_at is not null
    union all
    select
        payments.invoice_id, 'collected' as kind,
        coalesce(payments.paid_at, invoices.paid_at, invoices.billed_at) as moved_at,
        -payments.amount_paid_minor as amount_minor
    from payments
    inner join invoices on payments.invoice_id = invoices.invoice_id
    union all
    -- what was paid by no payment that is known: by a bank transfer outside of Stripe, or long ago
    select
        invoices.invoice_id, 'collected' as kind,
        coalesce(invoices.paid_at, invoices.billed_at) as moved_at,
        coalesce(payment_sums.paid_minor, 0) - invoices.amount_paid_minor as amount_minor
    from invoices
    left join payment_sums on invoices.invoice_id = payment_sums.invoice_id
    where invoices.amount_paid_minor > coalesce(payment_sums.paid_minor, 0)
),
sums as (
    select invoice_id, {{ stripe_saas.whole("sum(amount_minor)") }} as rest_minor
    from known
    group by 1
),
moved as (
    select * from known
    union all
    select
        invoices.invoice_id,
        case when invoices.status = 'void' then 'void' else 'write_off' end as kind,
        coalesce(
            case when invoices.status = 'void' then invoices.voided_at
                else invoices.uncollectible_at end,
            invoices.billed_at
        ) as moved_at,
        -sums.rest_minor as amount_minor
    from invoices
    inner join sums on invoices.invoice_id = sums.invoice_id
    where invoices.status in ('void', 'uncollectible')
),
final as (
    select
        moved.invoice_id, invoices.currency, moved.kind, moved.moved_at,
        {{ stripe_saas.local_period("moved.moved_at") }} as moved_on, moved.amount_minor,
        charged_invoices.invoice_id is not null as has_charge
    from moved
    inner join invoices on moved.invoice_id = invoices.invoice_id
    left join charged_invoices on moved.invoice_id = charged_invoices.invoice_id
    where moved.amount_minor <> 0
)
select * from final
