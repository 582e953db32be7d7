-- One row per line of a finalized invoice: what it bills, discounts, taxes, what of it was taken back.
with lines as (
    select * from {{ ref("int_stripe__invoice_lines") }}
),
entries as (
    select
        line_id,
        {%- for kind, name in {"credit_note": "credit_notes", "void": "voids"}.items() %}
        {{ stripe_saas.whole("sum(case when kind = '" ~ kind ~ "' then amount_minor else 0 end)") }}
            as {{ name }}_minor{{ "," if not loop.last }}
        {%- endfor %}
    from {{ ref("int_stripe__revenue_entries") }}
    group by 1
),
final as (
    select
        lines.line_id, lines.invoice_id, invoices.customer_id,
        coalesce(identities.client_id, invoices.customer_id) as client_id, lines.subscription_id,
        invoices.status as invoice_status, lines.line_kind, lines.price_id, plans.product_id,
        plans.product_name, plans.plan, lines.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent, lines.billed_on,
        {{ stripe_saas.month_of("lines.billed_on") }} as date_month, lines.starts_on, lines.ends_on,
        lines.amount_minor, -lines.discount_minor as discounts_minor, lines.inclusive_tax_minor,
        lines.exclusive_tax_minor,
        lines.amount_minor - lines.discount_minor + lines.exclusive_tax_minor as total_minor,
        lines.revenue_minor, coalesce(entries.credit_notes_minor, 0) as credit_notes_minor,
        coalesce(entries.voids_minor, 0) as voids_minor,
        lines.revenue_minor + coalesce(entries.credit_notes_minor, 0)
            + coalesce(entries.voids_minor, 0) as net_revenue_minor
    from lines
    inner join {{ ref("stg_stripe__invoices") }} as invoices
        on lines.invoice_id = invoices.invoice_id
    left join entries on lines.line_id = entries.line_id
    left join {{ ref("int_stripe__plans") }} as plans on lines.price_id = plans.price_id
    left join {{ ref("int_stripe__identities") }} as identities
        on invoices.customer_id = identities.customer_id
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("lines.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="line_id", is_figure=false, metadata=["invoices", "invoice_id"]) }}
