-- One row per automatic payout and balance transaction that it paid out.
with source as (
    {{ stripe_saas.raw_stream("payout_balance_transactions", {
        "payout": "key", "id": "key", "currency": "currency", "amount": "integer",
        "fee": "integer", "net": "integer", "type": "text"
    }, key="payout, id") }}
),
final as (
    select
        payout as payout_id, id as balance_transaction_id, currency, amount as amount_minor,
        fee as fee_minor, net as net_minor, type
    from source
)
select * from final
