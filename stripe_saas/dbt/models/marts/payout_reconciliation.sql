-- One row per payout: what its balance transactions come to, and by how much the payout differs.
with transactions as (
    select * from {{ ref("int_stripe__payout_transactions") }}
),
sums as (
    select
        payout_id,
        count(*) as transactions,
        {%- for line in ["gross", "refund", "dispute", "other", "payout"] %}
        {{ stripe_saas.whole("sum(case when line = '" ~ line ~ "' then amount_minor else 0 end)") }}
            as {{ line }}_minor,
        {%- endfor %}
        {{ stripe_saas.whole("sum(case when line = 'fee' then amount_minor else 0 end - fee_minor)") }}
            as fee_minor,
        {{ stripe_saas.whole("sum(net_minor)") }} as transactions_minor
    from transactions
    group by 1
),
final as (
    select
        payouts.payout_id, payouts.currency,
        coalesce(exponents.currency_exponent, 2) as currency_exponent,
        payouts.created_at, {{ stripe_saas.local_period("payouts.created_at", "month") }} as date_month,
        payouts.arrives_at, payouts.status, payouts.is_automatic, payouts.amount_minor,
        coalesce(sums.transactions, 0) as transactions,
        {%- for column, name in [
            ("gross", "gross"), ("refund", "refunds"), ("dispute", "disputes"), ("fee", "fees"),
            ("other", "other"), ("payout", "returned_payouts")
        ] %}
        coalesce(sums.{{ column }}_minor, 0) as {{ name }}_minor,
        {%- endfor %}
        coalesce(sums.transactions_minor, 0) as transactions_minor,
        -- of a manual payout Stripe names no transactions, of one under way not all of them yet
        case
            when not payouts.is_automatic
                or coalesce(payouts.reconciliation_status, '') = 'in_progress'
                then null
            when sums.payout_id is not null then payouts.amount_minor - sums.transactions_minor
            when payouts.reconciliation_status = 'completed' then payouts.amount_minor
        end as difference_minor
    from {{ ref("stg_stripe__payouts") }} as payouts
    left join sums on payouts.payout_id = sums.payout_id
    left join {{ ref("stripe_currency_exponents") }} as exponents
        on {{ stripe_saas.plain("payouts.currency") }} = exponents.currency
)
{{ stripe_saas.mart("final", by="payout_id", is_figure=false) }}
