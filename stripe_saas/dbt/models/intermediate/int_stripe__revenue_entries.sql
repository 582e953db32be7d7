-- One row per amount of revenue that an invoice brings or takes back, with the days that it is for and
-- the day from which it counts: lines, credit notes, notes that were voided, void invoices (M62, M64).
with lines as (
    select * from {{ ref("int_stripe__invoice_lines") }}
),
invoices as (
    select * from {{ ref("stg_stripe__invoices") }} where status <> 'draft'
),
-- what names no line takes the days of the largest one
largest as (
    select invoice_id, line_id, starts_on, ends_on
    from (
        select
            *,
            row_number() over (partition by invoice_id order by revenue_minor desc, line_id) as place
        from lines
    ) as placed
    where place = 1
),
notes as (
    select notes.*
    from {{ ref("stg_stripe__credit_notes") }} as notes
    inner join invoices on notes.invoice_id = invoices.invoice_id
),
note_elements as (
    {{ stripe_saas.json_elements(
        ref("stg_stripe__credit_notes"), ["credit_note_id", "invoice_id"], "lines"
    ) }}
),
note_tax_lists as (
    select
        credit_note_id, {{ stripe_saas.json_text("element", "id") }} as note_line_id,
        {{ stripe_saas.json_part("element", "taxes") }} as taxes,
        {{ stripe_saas.json_part("element", "tax_amounts") }} as tax_amounts
    from note_elements
),
note_tax_elements as (
    {{ stripe_saas.json_elements("note_tax_lists", ["credit_note_id", "note_line_id"], "taxes") }}
),
older_note_tax_elements as (
    {{ stripe_saas.json_elements(
        "note_tax_lists", ["credit_note_id", "note_line_id"], "tax_amounts"
    ) }}
),
note_tax_rows as (
    select
        credit_note_id, note_line_id,
        cast({{ stripe_saas.json_text("element", "amount") }} as {{ dbt.type_bigint() }})
            as amount_minor
    from note_tax_elements
    where {{ stripe_saas.json_text("element", "tax_behavior") }} = 'inclusive'
    union all
    select
        credit_note_id, note_line_id,
        cast({{ stripe_saas.json_text("element", "amount") }} as {{ dbt.type_bigint() }})
            as amount_minor
    from older_note_tax_elements
    where {{ stripe_saas.json_text("element", "inclusive") }} = 'true'
),
note_taxes as (
    select
        credit_note_id, note_line_id,
        {{ stripe_saas.whole("sum(amount_minor)") }} as inclusive_tax_minor
    from note_tax_rows
    group by 1, 2
),
note_line_amounts as (
    select
        credit_note_id, {{ stripe_saas.json_text("element", "id") }} as note_line_id,
        {{ stripe_saas.key_beside(
            "credit_note_id", stripe_saas.json_text("element", "invoice_line_item")
        ) }} as line_id,
        cast({{ stripe_saas.json_text("element", "amount") }} as {{ dbt.type_bigint() }})
        - cast(coalesce({{ stripe_saas.json_text("element", "discount_amount") }}, '0')
            as {{ dbt.type_bigint() }}) as amount_minor
    from note_elements
),
-- the tax inside of a price is in a note's line as it is in an invoice's
note_lines as (
    select
        amounts.credit_note_id, amounts.line_id,
        amounts.amount_minor - coalesce(note_taxes.inclusive_tax_minor, 0) as amount_minor
    from note_line_amounts as amounts
    left join note_taxes
        on amounts.credit_note_id = note_taxes.credit_note_id
        and amounts.note_line_id = note_taxes.note_line_id
),
note_parts as (
    select
        note_lines.credit_note_id, lines.line_id, lines.starts_on, lines.ends_on,
        {{ stripe_saas.whole("sum(note_lines.amount_minor)") }} as amount_minor
    from note_lines
    inner join lines on note_lines.line_id = lines.line_id
    group by 1, 2, 3, 4
),
note_sums as (
    select credit_note_id, {{ stripe_saas.whole("sum(amount_minor)") }} as amount_minor
    from note_parts
    group by 1
),
credit_parts as (
    select credit_note_id, line_id, starts_on, ends_on, amount_minor from note_parts
    union all
    select
        notes.credit_note_id, largest.line_id, largest.starts_on, largest.ends_on,
        notes.amount_excluding_tax_minor - coalesce(note_sums.amount_minor, 0) as amount_minor
    from notes
    left join note_sums on notes.credit_note_id = note_sums.credit_note_id
    left join largest on notes.invoice_id = largest.invoice_id
),
credits as (
    select
        notes.credit_note_id, notes.invoice_id, notes.created_at, notes.voided_at,
        credit_parts.line_id, credit_parts.starts_on, credit_parts.ends_on,
        {{ stripe_saas.whole("sum(credit_parts.amount_minor)") }} as amount_minor
    from credit_parts
    inner join notes on credit_parts.credit_note_id = notes.credit_note_id
    group by 1, 2, 3, 4, 5, 6, 7
),
given as (
    select
        'line' as kind, invoice_id, line_id, billed_on, starts_on, ends_on,
        revenue_minor as amount_minor
    from lines
    union all
    select
        'credit_note' as kind, invoice_id, line_id,
        {{ stripe_saas.local_period("created_at") }} as billed_on, starts_on, ends_on,
        -amount_minor as amount_minor
    from credits
    union all
    select
        'credit_note' as kind, invoice_id, line_id,
        {{ stripe_saas.local_period("voided_at") }} as billed_on, starts_on, ends_on, amount_minor
    from credits
    where voided_at is not null
),
entries as (
    select kind, invoice_id, line_id, billed_on, starts_on, ends_on, amount_minor from given
    union all
    select
        'void' as kind, given.invoice_id, given.line_id,
        {{ stripe_saas.local_period("coalesce(invoices.voided_at, invoices.finalized_at, invoices.created_at)") }}
            as billed_on,
        given.starts_on, given.ends_on, -given.amount_minor as amount_minor
    from given
    inner join invoices on given.invoice_id = invoices.invoice_id
    where invoices.status = 'void'
),
final as (
    select
        entries.kind, entries.invoice_id, coalesce(entries.line_id, entries.invoice_id) as line_id,
        invoices.currency, entries.billed_on,
        coalesce(entries.starts_on, entries.billed_on) as starts_on,
        coalesce(entries.ends_on, {{ stripe_saas.add_to_date("entries.billed_on", 1) }}) as ends_on,
        entries.amount_minor
    from entries
    inner join invoices on entries.invoice_id = invoices.invoice_id
    where entries.amount_minor <> 0
)
select * from final
