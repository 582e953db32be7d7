-- One row per charge that went through, with its client, refunds that went through, and what a lost
-- dispute took.
with charges as (
    select * from {{ ref("stg_stripe__charges") }}
    where status = 'succeeded' and is_captured
),
refunds as (
    select charge_id, {{ stripe_saas.whole("sum(amount_minor)") }} as refunded_minor
    from {{ ref("stg_stripe__refunds") }}
    where status in ('succeeded', 'pending')
    group by 1
),
disputes as (
    select charge_id, {{ stripe_saas.whole("sum(amount_minor)") }} as lost_minor
    from {{ ref("stg_stripe__disputes") }}
    where status = 'lost'
    group by 1
),
final as (
    select
        charges.charge_id, charges.customer_id,
        coalesce(identities.client_id, charges.customer_id) as client_id, charges.currency,
        charges.created_at, {{ stripe_saas.local_period("charges.created_at") }} as charged_on,
        charges.amount_captured_minor as gross_minor,
        -- what the charge says itself, where its refunds were not read
        coalesce(refunds.refunded_minor, charges.amount_refunded_minor, 0) as refunded_minor,
        coalesce(disputes.lost_minor, 0) as dispute_lost_minor
    from charges
    left join {{ ref("int_stripe__identities") }} as identities
        on charges.customer_id = identities.customer_id
    left join refunds on charges.charge_id = refunds.charge_id
    left join disputes on charges.charge_id = disputes.charge_id
)
select * from final
