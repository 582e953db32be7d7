-- One row per basis, client and currency: when it first paid in it, how much, for which plan, and
-- where it came from. In the basis `reporting` all currencies are one, at the last rates.
{%- set is_reported = stripe_saas.one_of("fx_mode", ["none", "constant", "month_end"]) != "none" %}
with firsts as (
    select
        client_id, currency, currency_exponent, period_start, mrr_after_minor,
        row_number() over (partition by client_id, currency order by period_start) as place
    from {{ ref("int_stripe__client_day_movements") }}
    where basis = 'currency' and mrr_delta_minor > 0
),
{%- if is_reported %}
first_days as (
    select client_id, min(period_start) as first_day from firsts where place = 1 group by 1
),
{%- endif %}
starts as (
    select
        'currency' as basis, client_id, currency, currency_exponent, period_start as first_day,
        mrr_after_minor as start_mrr_minor
    from firsts
    where place = 1
    {%- if is_reported %}
    union all
    select
        'reporting' as basis, firsts.client_id,
        {{ stripe_saas.reporting_currency("firsts.client_id") }} as currency, exponents.currency_exponent,
        first_days.first_day, {{ stripe_saas.in_reporting("firsts.mrr_after_minor") }} as start_mrr_minor
    from firsts
    inner join first_days
        on firsts.client_id = first_days.client_id
        and firsts.period_start = first_days.first_day
    inner join {{ ref("int_stripe__last_fx_rates") }} as rates on firsts.currency = rates.currency
    cross join (
        select coalesce(max(currency_exponent), 2) as currency_exponent
        from {{ ref("stripe_currency_exponents") }}
        where currency = '{{ var("reporting_currency") | lower }}'
    ) as exponents
    where firsts.place = 1
    group by 1, 2, 3, 4, 5
    {%- endif %}
),
periods as (
    select client_id, currency, plan, valid_from, mrr_minor, period_id
    from {{ ref("int_stripe__subscription_periods") }}
    where mrr_minor > 0
),
plans as (
    select
        'currency' as basis, client_id, currency, plan,
        row_number() over (
            partition by client_id, currency order by valid_from, mrr_minor desc, period_id
        ) as place
    from periods
    {%- if is_reported %}
    union all
    select
        'reporting' as basis, client_id, {{ stripe_saas.reporting_currency("client_id") }} as currency, plan,
        row_number() over (
            partition by client_id order by valid_from, mrr_minor desc, period_id
        ) as place
    from periods
    {%- endif %}
),
attributes as (
    select
        identities.client_id, min(attributes.source) as source, min(attributes.campaign) as campaign
    from {{ stripe_saas.relation_or_seed(
        "customer_attributes_relation", ref("stripe_customer_attributes")
    ) }} as attributes
    inner join {{ ref("int_stripe__identities") }} as identities
        on attributes.customer_id = {{ stripe_saas.plain("identities.customer_id") }}
    group by 1
),
final as (
    select
        starts.basis, starts.client_id, starts.currency, starts.currency_exponent,
        {{ stripe_saas.month_of("starts.first_day") }} as cohort_month,
        starts.start_mrr_minor,
        coalesce(plans.plan, 'unknown') as plan,
        coalesce(attributes.source, 'unknown') as source,
        coalesce(attributes.campaign, 'unknown') as campaign
    from starts
    left join plans
        on starts.basis = plans.basis
        and starts.client_id = plans.client_id
        and starts.currency = plans.currency
        and plans.place = 1
    left join attributes on starts.client_id = attributes.client_id
)
select * from final
