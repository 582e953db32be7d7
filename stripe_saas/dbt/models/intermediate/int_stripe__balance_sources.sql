-- One row per movement of the Stripe balance: the charge that it comes from, if any, with the customer,
-- invoice and subscription that were charged, and the payout that it is or is in.
with movements as (
    select balance_transaction_id, source_id from {{ ref("int_stripe__balance_movements") }}
),
charge_sources as (
    select charge_id as source_id, charge_id from {{ ref("stg_stripe__charges") }}
    union all
    select refund_id as source_id, charge_id from {{ ref("stg_stripe__refunds") }}
    union all
    select dispute_id as source_id, charge_id from {{ ref("stg_stripe__disputes") }}
),
paid_out as (
    select balance_transaction_id, max(payout_id) as payout_id
    from {{ ref("int_stripe__payout_transactions") }}
    group by 1
),
final as (
    select
        movements.balance_transaction_id, charge_sources.charge_id,
        coalesce(charges.customer_id, invoices.customer_id) as customer_id,
        coalesce(identities.client_id, charges.customer_id, invoices.customer_id) as client_id,
        invoices.invoice_id, invoices.subscription_id,
        coalesce(payouts.payout_id, paid_out.payout_id) as payout_id
    from movements
    left join charge_sources on movements.source_id = charge_sources.source_id
    left join {{ ref("stg_stripe__charges") }} as charges
        on charge_sources.charge_id = charges.charge_id
    left join {{ ref("int_stripe__invoice_charges") }} as invoice_charges
        on charge_sources.charge_id = invoice_charges.charge_id
    left join {{ ref("stg_stripe__invoices") }} as invoices
        on coalesce(invoice_charges.invoice_id, charges.invoice_id) = invoices.invoice_id
    left join {{ ref("int_stripe__identities") }} as identities
        on coalesce(charges.customer_id, invoices.customer_id) = identities.customer_id
    left join {{ ref("stg_stripe__payouts") }} as payouts
        on movements.source_id = payouts.payout_id
    left join paid_out on movements.balance_transaction_id = paid_out.balance_transaction_id
)
select * from final
