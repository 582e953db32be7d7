-- One row per Stripe customer that no rule gave an id of yours, those with most MRR first.
with sums as (
    select
        customer_id, min(currency) as currency, count(distinct currency) as currencies,
        {{ stripe_saas.whole("sum(mrr_minor)") }} as mrr_minor
    from {{ ref("int_stripe__subscriptions") }}
    where mrr_minor > 0
    group by 1
),
final as (
    select
        identities.customer_id, customers.email, customers.name, customers.created_at,
        identities.is_ambiguous, identities.is_deleted,
        sums.currency, case when sums.currencies = 1 then sums.mrr_minor end as mrr_minor
    from {{ ref("int_stripe__identities") }} as identities
    left join {{ ref("stg_stripe__customers") }} as customers
        on identities.customer_id = customers.customer_id
    left join sums on identities.customer_id = sums.customer_id
    where identities.entity_id is null
)
{{ stripe_saas.mart("final", by="customer_id", is_figure=false) }}
