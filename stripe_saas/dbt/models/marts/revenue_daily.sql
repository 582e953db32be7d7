-- One row per currency of the Stripe balance and day on which it moved.
with movements as (
    select * from {{ ref("int_stripe__balance_movements") }}
),
days as (
    select
        date_day, currency,
        {%- for line in ["gross", "refund", "dispute", "other", "payout"] %}
        {{ stripe_saas.whole("sum(case when line = '" ~ line ~ "' then amount_minor else 0 end)") }}
            as {{ line }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("sum(case when line = 'fee' then amount_minor else 0 end - fee_minor)") }}
            as fee_minor,
        {{ stripe_saas.whole("sum(net_minor)") }} as balance_change_minor
    from movements
    group by 1, 2
),
final as (
    select
        days.date_day, {{ stripe_saas.month_of("days.date_day") }} as date_month, days.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        days.gross_minor, days.refund_minor as refunds_minor, days.dispute_minor as disputes_minor,
        days.fee_minor as fees_minor, days.other_minor,
        days.gross_minor + days.refund_minor + days.dispute_minor + days.fee_minor
            + days.other_minor as net_minor,
        days.payout_minor as payouts_minor,
        days.balance_change_minor,
        {{ stripe_saas.whole("sum(days.balance_change_minor) over (
            partition by days.currency order by days.date_day rows unbounded preceding
        )") }} as balance_minor
    from days
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("days.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="currency") }}
