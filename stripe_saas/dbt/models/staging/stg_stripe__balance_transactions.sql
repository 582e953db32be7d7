-- One row per movement of the Stripe balance.
with raw_rows as (
    {{ stripe_saas.raw_stream("balance_transactions", {
        "id": "key", "currency": "currency", "created": "moment", "available_on": "moment",
        "amount": "integer", "fee": "integer", "net": "integer", "type": "text",
        "reporting_category": "text", "source": "key"
    }) }}
),
final as (
    select
        id as balance_transaction_id, currency, created as created_at, available_on as available_at,
        amount as amount_minor, fee as fee_minor, net as net_minor, type,
        coalesce(reporting_category, type) as reporting_category, source as source_id
    from raw_rows
)
select * from final
