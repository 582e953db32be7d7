-- One row per month of finalization and currency: what became of invoices, attempts and disputes.
with invoices as (
    select
        invoices.*,
        {{ stripe_saas.local_period("coalesce(invoices.finalized_at, invoices.created_at)", "month") }}
            as date_month,
        {{ stripe_saas.flag("failures.invoice_id is not null") }} as has_failed,
        {{ dbt.datediff("coalesce(invoices.finalized_at, invoices.created_at)", "invoices.paid_at", "second") }}
            as seconds_to_pay
    from {{ ref("stg_stripe__invoices") }} as invoices
    left join {{ ref("int_stripe__invoice_failures") }} as failures
        on invoices.invoice_id = failures.invoice_id
    where invoices.status <> 'draft' and invoices.total_minor > 0
),
invoice_sums as (
    select
        date_month, currency,
        count(*) as invoices,
        {%- for state in ["paid", "open", "void", "uncollectible", "unknown"] %}
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("status = '" ~ state ~ "'") ~ ")") }}
            as {{ state }}_invoices,
        {%- endfor %}
        {{ stripe_saas.whole("sum(total_minor)") }} as invoiced_minor,
        {{ stripe_saas.whole("sum(amount_paid_minor)") }} as paid_minor,
        {{ stripe_saas.whole("sum(case when status = 'open' then amount_remaining_minor else 0 end)") }}
            as open_minor,
        {{ stripe_saas.whole("sum(has_failed)") }} as failed_invoices,
        {{ stripe_saas.whole("sum(case when status = 'paid' then has_failed else 0 end)") }}
            as recovered_invoices,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag(
            "status = 'uncollectible' or (status = 'void' and has_failed = 1)"
        ) ~ ")") }} as lost_invoices,
        {{ stripe_saas.whole("sum(case when status = 'paid' and has_failed = 1 then seconds_to_pay end)") }}
            as recovery_seconds,
        count(case when status = 'paid' and has_failed = 1 then seconds_to_pay end) as recoveries_timed
    from invoices
    group by 1, 2
),
attempt_sums as (
    select
        {{ stripe_saas.local_period("created_at", "month") }} as date_month, currency,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("status = 'succeeded'") ~ ")") }}
            as succeeded_charges,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("status = 'failed'") ~ ")") }} as failed_charges
    from {{ ref("stg_stripe__charges") }}
    group by 1, 2
),
dispute_sums as (
    select
        {{ stripe_saas.local_period("created_at", "month") }} as date_month, currency,
        count(*) as disputes,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("status = 'won'") ~ ")") }} as disputes_won,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag("status = 'lost'") ~ ")") }} as disputes_lost,
        {{ stripe_saas.whole("sum(" ~ stripe_saas.flag(
            "status in ('warning_closed', 'prevented')"
        ) ~ ")") }} as disputes_averted,
        {{ stripe_saas.whole("sum(amount_minor)") }} as disputed_minor
    from {{ ref("stg_stripe__disputes") }}
    group by 1, 2
),
keys as (
    select date_month, currency from invoice_sums
    {{ stripe_saas.set_union() }}
    select date_month, currency from attempt_sums
    {{ stripe_saas.set_union() }}
    select date_month, currency from dispute_sums
),
final as (
    select
        keys.date_month, keys.currency, coalesce(exponents.currency_exponent, 2) as currency_exponent,
        {%- for column in [
            "invoices", "paid_invoices", "open_invoices", "void_invoices", "uncollectible_invoices",
            "unknown_invoices", "invoiced_minor", "paid_minor", "open_minor", "failed_invoices",
            "recovered_invoices", "lost_invoices"
        ] %}
        coalesce(invoice_sums.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        {{ stripe_saas.share("invoice_sums.recovered_invoices", "invoice_sums.failed_invoices") }}
            as recovery_rate,
        round(
            cast(invoice_sums.recovery_seconds as {{ stripe_saas.type_exact(28, 8) }})
            / nullif(invoice_sums.recoveries_timed * 3600, 0),
            1
        ) as average_hours_to_recover,
        coalesce(attempt_sums.succeeded_charges, 0) as succeeded_charges,
        coalesce(attempt_sums.failed_charges, 0) as failed_charges,
        coalesce(dispute_sums.disputes, 0) as disputes,
        coalesce(dispute_sums.disputes_won, 0) as disputes_won,
        coalesce(dispute_sums.disputes_lost, 0) as disputes_lost,
        coalesce(dispute_sums.disputes_averted, 0) as disputes_averted,
        coalesce(
            dispute_sums.disputes - dispute_sums.disputes_won - dispute_sums.disputes_lost
            - dispute_sums.disputes_averted,
            0
        ) as disputes_open,
        coalesce(dispute_sums.disputed_minor, 0) as disputed_minor
    from keys
    left join invoice_sums
        on keys.date_month = invoice_sums.date_month and keys.currency = invoice_sums.currency
    left join attempt_sums
        on keys.date_month = attempt_sums.date_month and keys.currency = attempt_sums.currency
    left join dispute_sums
        on keys.date_month = dispute_sums.date_month and keys.currency = dispute_sums.currency
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("keys.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="currency") }}
