-- One row per payout and balance transaction that it paid out, with the line of the books that it is of.
with movements as (
    select * from {{ ref("int_stripe__balance_movements") }}
),
-- Stripe lists the payout's own transaction, which takes the money out, beside what it pays out
final as (
    select
        payouts.payout_id, listed.balance_transaction_id, payouts.currency, listed.type,
        movements.created_at, listed.net_minor,
        coalesce(listed.amount_minor, listed.net_minor) as amount_minor,
        coalesce(listed.fee_minor, 0) as fee_minor,
        coalesce(movements.line, case when listed.type = 'charge' then 'gross' else 'other' end)
            as line
    from {{ ref("stg_stripe__payouts") }} as payouts
    inner join {{ ref("stg_stripe__payout_balance_transactions") }} as listed
        on payouts.payout_id = listed.payout_id
    left join movements on listed.balance_transaction_id = movements.balance_transaction_id
    -- another payout's, as of an instant one, is part of what is paid out
    where case
        when payouts.balance_transaction_id is null then coalesce(listed.type, '') <> 'payout'
        else listed.balance_transaction_id <> payouts.balance_transaction_id
    end
)
select * from final
