-- One row per month and currency: how deferred revenue opened, what was billed and recognised, how it
-- closed; months to come hold what is already billed for them (M63).
with schedule as (
    select * from {{ ref("int_stripe__revenue_schedule") }}
),
sums as (
    select
        date_month, currency,
        {%- for kind in ["line", "credit_note", "void"] %}
        {{ stripe_saas.whole("sum(case when kind = '" ~ kind ~ "' then billed_minor else 0 end)") }}
            as {{ kind }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("sum(recognised_minor)") }} as recognised_minor
    from schedule
    group by 1, 2
),
rolled as (
    select
        *,
        {{ stripe_saas.whole("sum(line_minor + credit_note_minor + void_minor - recognised_minor) over (
            partition by currency order by date_month rows unbounded preceding
        )") }} as closing_minor
    from sums
),
final as (
    select
        rolled.date_month, rolled.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        rolled.closing_minor + rolled.recognised_minor - rolled.line_minor
            - rolled.credit_note_minor - rolled.void_minor as opening_minor,
        rolled.line_minor as billed_minor, rolled.credit_note_minor as credit_notes_minor,
        rolled.void_minor as voids_minor, rolled.recognised_minor, rolled.closing_minor,
        rolled.date_month > as_of.as_of_month as is_future
    from rolled
    cross join {{ ref("stg_stripe__as_of") }} as as_of
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("rolled.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="currency") }}
