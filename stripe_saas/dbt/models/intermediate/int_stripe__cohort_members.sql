-- One row per client and currency: when it first paid in it, how much, for which plan, and where it
-- came from.
with firsts as (
    select
        client_id, currency, currency_exponent, period_start, mrr_after_minor,
        row_number() over (partition by client_id, currency order by period_start) as place
    from {{ ref("int_stripe__client_day_movements") }}
    where basis = 'currency' and mrr_delta_minor > 0
),
plans as (
    select
        client_id, currency, plan,
        row_number() over (
            partition by client_id, currency order by valid_from, mrr_minor desc, period_id
        ) as place
    from {{ ref("subscription_periods") }}
    where mrr_minor > 0
),
attributes as (
    select
        identities.client_id, min(attributes.source) as source, min(attributes.campaign) as campaign
    from {{ stripe_saas.relation_or_seed(
        "customer_attributes_relation", ref("stripe_customer_attributes")
    ) }} as attributes
    inner join {{ ref("int_stripe__identities") }} as identities
        on attributes.customer_id = identities.customer_id
    group by 1
),
final as (
    select
        firsts.client_id, firsts.currency, firsts.currency_exponent,
        {{ stripe_saas.month_of("firsts.period_start") }} as cohort_month,
        firsts.mrr_after_minor as start_mrr_minor,
        coalesce(plans.plan, 'unknown') as plan,
        coalesce(attributes.source, 'unknown') as source,
        coalesce(attributes.campaign, 'unknown') as campaign
    from firsts
    left join plans
        on firsts.client_id = plans.client_id
        and firsts.currency = plans.currency
        and plans.place = 1
    left join attributes on firsts.client_id = attributes.client_id
    where firsts.place = 1
)
select * from final
