-- One row per Stripe customer: whose it is, and which rule said so.
with final as (
    select
        identities.customer_id, identities.client_id, identities.entity_id,
        identities.entity_id is not null as is_matched,
        coalesce(identities.matched_by, 'none') as matched_by, identities.is_ambiguous,
        customers.email, customers.name, customers.created_at, identities.is_deleted
    from {{ ref("int_stripe__identities") }} as identities
    left join {{ ref("stg_stripe__customers") }} as customers
        on identities.customer_id = customers.customer_id
)
{{ stripe_saas.mart("final", by="customer_id", is_figure=false) }}
