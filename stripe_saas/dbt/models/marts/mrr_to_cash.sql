-- One row per month and currency: the way from closing MRR to what reached the bank (M65).
{%- set columns = [
    "closing_mrr", "prepayments", "recurring", "prorations", "usage", "one_off", "discounts", "tax",
    "invoiced", "customer_balance", "credit_notes", "voids", "write_offs", "collected",
    "collected_elsewhere", "other_charges", "charged", "gross", "refunds", "disputes", "fees",
    "other", "net", "payouts", "balance_change"
] %}
with closings as (
    {{ stripe_saas.figures_of("mrr_monthly") }}
),
balances as (
    {{ stripe_saas.figures_of("revenue_daily") }}
),
lines as (
    select *, {{ stripe_saas.month_of("billed_on") }} as date_month
    from {{ ref("int_stripe__invoice_lines") }}
),
movements as (
    select *, {{ stripe_saas.month_of("moved_on") }} as date_month
    from {{ ref("int_stripe__invoice_movements") }}
),
charges as (
    select *, {{ stripe_saas.local_period("created_at", "month") }} as date_month
    from {{ ref("int_stripe__invoice_charges") }}
),
amounts as (
    select date_month, currency, 'closing_mrr' as name, closing_minor as amount_minor
    from closings
    where basis = 'currency'
    union all
    select
        date_month, currency,
        case line_kind when 'proration' then 'prorations' else line_kind end as name,
        amount_minor - inclusive_tax_minor as amount_minor
    from lines
    union all
    select date_month, currency, 'prepayments' as name, amount_minor - inclusive_tax_minor as amount_minor
    from lines
    where line_kind = 'recurring' and is_long
    union all
    select date_month, currency, 'discounts' as name, -discount_minor as amount_minor from lines
    union all
    select
        date_month, currency, 'tax' as name,
        inclusive_tax_minor + exclusive_tax_minor as amount_minor
    from lines
    union all
    select
        date_month, currency,
        case kind
            when 'credit_note' then 'credit_notes'
            when 'void' then 'voids'
            when 'write_off' then 'write_offs'
            else kind
        end as name,
        case when kind = 'collected' then -amount_minor else amount_minor end as amount_minor
    from movements
    union all
    select date_month, currency, 'collected_elsewhere' as name, amount_minor
    from movements
    where kind = 'collected' and not has_charge
    union all
    select date_month, currency, 'other_charges' as name, amount_minor
    from charges
    where invoice_id is null
    union all
    select date_month, currency, 'charged' as name, amount_minor from charges
    {%- for name in ["gross", "refunds", "disputes", "fees", "other", "net", "payouts", "balance_change"] %}
    union all
    select date_month, currency, '{{ name }}' as name, {{ name }}_minor as amount_minor from balances
    {%- endfor %}
),
sums as (
    select
        date_month, currency,
        {%- for name in columns %}
        {{ stripe_saas.whole("sum(case when name = '" ~ name ~ "' then amount_minor else 0 end)") }}
            as {{ name }}_minor{{ "," if not loop.last }}
        {%- endfor %}
    from amounts
    where date_month is not null and currency is not null
    group by 1, 2
),
-- what is owed is owed in a month without movements, too
numbers as (
    {{ dbt.generate_series(var("longest_history_months")) }}
),
spans as (
    select currency, min(date_month) as first_month from sums group by 1
),
months as (
    select
        spans.currency,
        {{ stripe_saas.add_to_date("spans.first_month", stripe_saas.place_in_series("numbers"), "month") }}
            as date_month
    from spans
    cross join numbers
    {{ stripe_saas.set_union() }}
    select currency, date_month from sums
),
filled as (
    select
        months.date_month, months.currency,
        {%- for name in columns %}
        coalesce(sums.{{ name }}_minor, 0) as {{ name }}_minor{{ "," if not loop.last }}
        {%- endfor %}
    from months
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join sums on months.currency = sums.currency and months.date_month = sums.date_month
    where months.date_month <= as_of.as_of_month or sums.currency is not null
),
rolled as (
    select
        *,
        {{ stripe_saas.whole("sum(
            invoiced_minor + customer_balance_minor + credit_notes_minor + voids_minor
            + write_offs_minor - collected_minor
        ) over (partition by currency order by date_month rows unbounded preceding)") }}
            as closing_receivables_minor
    from filled
),
final as (
    select
        rolled.date_month, rolled.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        rolled.closing_mrr_minor, rolled.prepayments_minor,
        rolled.recurring_minor - rolled.closing_mrr_minor - rolled.prepayments_minor
            as mrr_timing_minor,
        rolled.recurring_minor, rolled.prorations_minor, rolled.usage_minor, rolled.one_off_minor,
        rolled.discounts_minor, rolled.tax_minor,
        rolled.invoiced_minor - rolled.recurring_minor - rolled.prorations_minor
            - rolled.usage_minor - rolled.one_off_minor - rolled.discounts_minor - rolled.tax_minor
            as other_invoiced_minor,
        rolled.invoiced_minor,
        rolled.closing_receivables_minor - rolled.invoiced_minor - rolled.customer_balance_minor
            - rolled.credit_notes_minor - rolled.voids_minor - rolled.write_offs_minor
            + rolled.collected_minor as opening_receivables_minor,
        rolled.customer_balance_minor, rolled.credit_notes_minor, rolled.voids_minor,
        rolled.write_offs_minor, rolled.closing_receivables_minor, rolled.collected_minor,
        rolled.collected_elsewhere_minor, rolled.other_charges_minor,
        rolled.charged_minor - rolled.collected_minor - rolled.collected_elsewhere_minor
            - rolled.other_charges_minor as payment_timing_minor,
        rolled.charged_minor, rolled.gross_minor - rolled.charged_minor as settlement_minor,
        rolled.gross_minor, rolled.refunds_minor, rolled.disputes_minor, rolled.fees_minor,
        rolled.other_minor, rolled.net_minor, rolled.payouts_minor, rolled.balance_change_minor,
        rolled.date_month >= as_of.as_of_month as is_open
    from rolled
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("rolled.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="currency") }}
