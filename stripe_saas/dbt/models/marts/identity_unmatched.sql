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
        identity_map.customer_id, identity_map.email, identity_map.name, identity_map.created_at,
        identity_map.is_ambiguous, identity_map.is_deleted,
        sums.currency, case when sums.currencies = 1 then sums.mrr_minor end as mrr_minor
    from {{ ref("identity_map") }} as identity_map
    left join sums on identity_map.customer_id = sums.customer_id
    where not identity_map.is_matched
)
select * from final
