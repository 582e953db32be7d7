-- One row per line of a finalized invoice: what kind of billing it is, what discounts and taxes do to
-- it, and the days that it is for (M62).
with lines as (
    select * from {{ ref("stg_stripe__invoice_line_items") }}
),
discount_elements as (
    {{ stripe_saas.json_elements(
        ref("stg_stripe__invoice_line_items"), ["line_id"], "discount_amounts"
    ) }}
),
discounts as (
    select
        line_id,
        {{ stripe_saas.whole("sum(cast("
            ~ stripe_saas.json_text("element", "amount") ~ " as " ~ dbt.type_bigint() ~ "))") }}
            as discount_minor
    from discount_elements
    group by 1
),
tax_elements as (
    {{ stripe_saas.json_elements(ref("stg_stripe__invoice_line_items"), ["line_id"], "taxes") }}
),
older_tax_elements as (
    {{ stripe_saas.json_elements(
        ref("stg_stripe__invoice_line_items"), ["line_id"], "tax_amounts"
    ) }}
),
tax_rows as (
    select
        line_id,
        cast({{ stripe_saas.json_text("element", "amount") }} as {{ dbt.type_bigint() }})
            as amount_minor,
        {{ stripe_saas.json_text("element", "tax_behavior") }} = 'inclusive' as is_inclusive
    from tax_elements
    union all
    select
        line_id,
        cast({{ stripe_saas.json_text("element", "amount") }} as {{ dbt.type_bigint() }})
            as amount_minor,
        {{ stripe_saas.json_text("element", "inclusive") }} = 'true' as is_inclusive
    from older_tax_elements
),
taxes as (
    select
        line_id,
        {{ stripe_saas.whole("sum(case when is_inclusive then amount_minor else 0 end)") }}
            as inclusive_tax_minor,
        {{ stripe_saas.whole("sum(case when is_inclusive then 0 else amount_minor end)") }}
            as exclusive_tax_minor
    from tax_rows
    group by 1
),
joined as (
    select
        lines.line_id, lines.invoice_id, invoices.currency, lines.subscription_id, lines.price_id,
        coalesce(invoices.finalized_at, invoices.created_at) as finalized_at,
        case
            when lines.is_proration then 'proration'
            when coalesce(lines.usage_type, prices.usage_type, '') = 'metered' then 'usage'
            when coalesce(lines.is_of_item, false) then 'recurring'
            else 'one_off'
        end as line_kind,
        coalesce(lines.amount_minor, 0) as amount_minor,
        coalesce(discounts.discount_minor, 0) as discount_minor,
        coalesce(taxes.inclusive_tax_minor, 0) as inclusive_tax_minor,
        coalesce(taxes.exclusive_tax_minor, 0) as exclusive_tax_minor,
        {{ stripe_saas.local_period("lines.period_started_at") }} as period_start,
        {{ stripe_saas.local_period("lines.period_ends_at") }} as period_end
    from lines
    inner join {{ ref("stg_stripe__invoices") }} as invoices
        on lines.invoice_id = invoices.invoice_id
    left join {{ ref("stg_stripe__prices") }} as prices on lines.price_id = prices.price_id
    left join discounts on lines.line_id = discounts.line_id
    left join taxes on lines.line_id = taxes.line_id
    where invoices.status <> 'draft'
),
dated as (
    select
        *,
        {{ stripe_saas.local_period("finalized_at") }} as billed_on,
        coalesce(period_start, {{ stripe_saas.local_period("finalized_at") }}) as starts_on
    from joined
),
final as (
    select
        line_id, invoice_id, currency, subscription_id, price_id, line_kind, amount_minor,
        discount_minor, inclusive_tax_minor, exclusive_tax_minor,
        amount_minor - discount_minor - inclusive_tax_minor as revenue_minor,
        billed_on, starts_on,
        -- the first day that is not of the period; what has no length is of one day
        case when period_end > starts_on then period_end
            else {{ stripe_saas.add_to_date("starts_on", 1) }} end as ends_on,
        coalesce({{ dbt.datediff("starts_on", "period_end", "day") }} > 31, false) as is_long
    from dated
)
select * from final
