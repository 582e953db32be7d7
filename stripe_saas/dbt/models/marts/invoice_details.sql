-- One row per finalized invoice: what was billed by kind, what became of it, what is still owed.
{%- set kinds = {
    "customer_balance": "customer_balance", "credit_note": "credit_notes", "void": "voids",
    "write_off": "write_offs"
} %}
with invoices as (
    select *, coalesce(finalized_at, created_at) as billed_at
    from {{ ref("stg_stripe__invoices") }}
    where status <> 'draft'
),
line_sums as (
    select
        invoice_id,
        {%- for kind, name in {
            "recurring": "recurring", "proration": "prorations", "usage": "usage", "one_off": "one_off"
        }.items() %}
        {{ stripe_saas.whole("sum(case when line_kind = '" ~ kind
            ~ "' then amount_minor - inclusive_tax_minor else 0 end)") }} as {{ name }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("sum(discount_minor)") }} as discount_minor,
        {{ stripe_saas.whole("sum(inclusive_tax_minor + exclusive_tax_minor)") }} as tax_minor
    from {{ ref("int_stripe__invoice_lines") }}
    group by 1
),
movement_sums as (
    select
        invoice_id,
        {%- for kind, name in kinds.items() %}
        {{ stripe_saas.whole("sum(case when kind = '" ~ kind ~ "' then amount_minor else 0 end)") }}
            as {{ name }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("sum(case when kind = 'collected' then -amount_minor else 0 end)") }}
            as collected_minor,
        {{ stripe_saas.whole("sum(amount_minor)") }} as receivable_minor
    from {{ ref("int_stripe__invoice_movements") }}
    group by 1
),
-- what a note gives back of an invoice that was paid
later_notes as (
    select
        invoice_id, {{ stripe_saas.whole("sum(amount_minor - pre_payment_minor)") }} as amount_minor
    from {{ ref("stg_stripe__credit_notes") }}
    where voided_at is null
    group by 1
),
joined as (
    select
        invoices.*, identities.client_id,
        {%- for name in ["recurring", "prorations", "usage", "one_off", "tax"] %}
        coalesce(line_sums.{{ name }}_minor, 0) as {{ name }}_minor,
        {%- endfor %}
        -coalesce(line_sums.discount_minor, 0) as discounts_minor,
        {%- for name in kinds.values() %}
        coalesce(movement_sums.{{ name }}_minor, 0) as {{ name }}_minor,
        {%- endfor %}
        coalesce(movement_sums.collected_minor, 0) as collected_minor,
        coalesce(movement_sums.receivable_minor, 0) as receivable_minor,
        -coalesce(later_notes.amount_minor, 0) as later_credit_notes_minor,
        coalesce(movement_sums.receivable_minor, 0) > 0
            and coalesce(invoices.due_at, invoices.billed_at) < as_of.as_of_at as is_overdue,
        as_of.as_of_date
    from invoices
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join line_sums on invoices.invoice_id = line_sums.invoice_id
    left join movement_sums on invoices.invoice_id = movement_sums.invoice_id
    left join later_notes on invoices.invoice_id = later_notes.invoice_id
    left join {{ ref("int_stripe__identities") }} as identities
        on invoices.customer_id = identities.customer_id
),
final as (
    select
        joined.invoice_id, joined.customer_id,
        coalesce(joined.client_id, joined.customer_id) as client_id, joined.subscription_id,
        joined.status, joined.billing_reason, joined.collection_method, joined.attempt_count,
        joined.currency, coalesce(exponents.currency_exponent, 2) as currency_exponent,
        joined.created_at, joined.billed_at as finalized_at,
        {{ stripe_saas.local_period("joined.billed_at", "month") }} as date_month,
        joined.due_at, joined.paid_at,
        joined.recurring_minor, joined.prorations_minor, joined.usage_minor, joined.one_off_minor,
        joined.discounts_minor, joined.tax_minor,
        joined.total_minor - joined.recurring_minor - joined.prorations_minor - joined.usage_minor
            - joined.one_off_minor - joined.discounts_minor - joined.tax_minor
            as other_invoiced_minor,
        joined.total_minor, joined.customer_balance_minor, joined.credit_notes_minor,
        joined.voids_minor, joined.write_offs_minor, joined.collected_minor,
        joined.receivable_minor, joined.later_credit_notes_minor, joined.is_overdue,
        case
            when joined.is_overdue then {{ dbt.datediff(
                stripe_saas.local_period("coalesce(joined.due_at, joined.billed_at)"),
                "joined.as_of_date", "day"
            ) }}
        end as days_overdue
    from joined
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("joined.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="invoice_id", is_figure=false, metadata=["invoices", "invoice_id"]) }}
